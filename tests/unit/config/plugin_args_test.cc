#include "config/plugin_args.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/scheduler_config.h"
#include "unit/config/config_text.h"

namespace stowage::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::Result<SchedulerConfig> loadArgs(const std::string& plugin, const std::string& args) {
  return loadSchedulerConfig(
      withHeader("profiles:\n- pluginConfig:\n  - name: " + plugin + "\n    args: " + args + "\n"),
      "s.yaml");
}

TEST(PluginArgs, PackingTakesItsThreeSettings) {
  const auto config = loadArgs("Packing",
                               "{apiVersion: config.stowage.dev/v1alpha1, kind: PackingArgs, "
                               "quantum: 10, imbalanceWeight: 0.25, window: 99}");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const PackingArgs& args = config->profiles[0].args.packing;
  EXPECT_EQ(args.quantum, 10);
  EXPECT_EQ(args.imbalance_weight, 0.25);
  EXPECT_EQ(args.window, 99);
}

TEST(PluginArgs, NodeResourcesFitTakesIgnoredResourcesAndItsStrategy) {
  const auto config = loadArgs(
      "NodeResourcesFit",
      "{kind: NodeResourcesFitArgs, apiVersion: kubescheduler.config.k8s.io/v1, ignoredResources: "
      "[example.com/x], ignoredResourceGroups: [example.org], scoringStrategy: {type: "
      "MostAllocated, "
      "resources: [{name: cpu, weight: 3}, {name: memory}]}}");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const NodeResourcesFitArgs& args = config->profiles[0].args.fit;
  EXPECT_THAT(args.ignored_resources, ElementsAre("example.com/x"));
  EXPECT_THAT(args.ignored_resource_groups, ElementsAre("example.org"));
  EXPECT_EQ(args.strategy, NodeResourcesFitArgs::Strategy::kMostAllocated);
  EXPECT_THAT(args.resources, ElementsAre(ResourceSpec{"cpu", 3}, ResourceSpec{"memory", 1}));
}

TEST(PluginArgs, OtherPluginsKeepUpstreamsDefaultsUnlessTold) {
  const auto config = loadArgs("InterPodAffinity", "{hardPodAffinityWeight: 7}");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const PluginArgs& args = config->profiles[0].args;
  EXPECT_EQ(args.inter_pod_affinity.hard_pod_affinity_weight, 7);
  EXPECT_EQ(args.preemption.min_candidate_nodes_percentage, 10);
  EXPECT_EQ(args.preemption.min_candidate_nodes_absolute, 100);
  EXPECT_EQ(args.volume_bind_timeout_seconds, 600);
  EXPECT_THAT(args.fit.resources, ElementsAre(ResourceSpec{"cpu", 1}, ResourceSpec{"memory", 1}));
}

struct BadArgs {
  const char* plugin;
  const char* args;
  const char* want;
};

const BadArgs kBadArgs[] = {
    {"Packing", "{window: 0}", "args.window: is 0; give 1 to 65536"},
    {"Packing", "{quantum: -1}", "args.quantum: is -1"},
    {"Packing", "{imbalanceWeight: -0.5}", "args.imbalanceWeight: is -0.5; give 0 to 1000"},
    {"Packing", "{imbalanceWeight: .inf}", "args.imbalanceWeight: is the text \".inf\""},
    {"Packing", "{imbalanceWeight: 1e999}", "args.imbalanceWeight: is the text"},
    {"Packing", "{kind: PackArgs}", "args.kind: is \"PackArgs\"; give PackingArgs"},
    {"Packing", "{apiVersion: v1}", "give config.stowage.dev/v1alpha1"},
    {"Packing", "{quantums: 1}", "args.quantums: is not a known field; did you mean quantum?"},
    {"NodeResourcesFit", "{ignoredResourceGroups: [a.b/c]}", "\"a.b/c\" contains a slash"},
    {"NodeResourcesFit", "{scoringStrategy: {type: Random}}", "type: is \"Random\""},
    {"NodeResourcesFit",
     "{scoringStrategy: {type: RequestedToCapacityRatio, "
     "requestedToCapacityRatio: {shape: []}}}",
     "RequestedToCapacityRatio is not supported by this version"},
    {"NodeResourcesFit", "{scoringStrategy: {resources: [{name: cpu, weight: 101}]}}",
     "weight: is 101; give 0 to 100"},
    {"NodeResourcesFit", "{scoringStrategy: {resources: [{name: cpu}, {name: cpu}]}}",
     "resources[1].name: is listed twice"},
    {"NodeResourcesFit", "{scoringStrategy: {resources: [{weight: 1}]}}",
     "resources[0].name: is missing"},
    {"NodeResourcesFit", "{ignoredResources: [1]}", "ignoredResources[0]: is the number 1"},
    {"NodeResourcesBalancedAllocation", "{resources: [{name: cpu, weight: 2}]}",
     "weight: is 2; give 0 to 1"},
    {"InterPodAffinity", "{hardPodAffinityWeight: 101}", "is 101; give 0 to 100"},
    {"NodeAffinity", "{addedAffinity: {}}", "args.addedAffinity: is not supported by this version"},
    {"PodTopologySpread",
     "{defaultConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: "
     "ScheduleAnyway}]}",
     "is given with defaultingType System"},
    {"PodTopologySpread",
     "{defaultingType: List, defaultConstraints: [{maxSkew: 0, topologyKey: z, whenUnsatisfiable: "
     "ScheduleAnyway}]}",
     "maxSkew: is 0"},
    {"PodTopologySpread",
     "{defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: "
     "ScheduleAnyway, labelSelector: {}}]}",
     "labelSelector: is not allowed here"},
    {"DefaultPreemption", "{minCandidateNodesPercentage: 0, minCandidateNodesAbsolute: 0}",
     "are both 0"},
    {"VolumeBinding", "{bindTimeoutSeconds: -1}", "bindTimeoutSeconds: is -1"},
    {"VolumeBinding", "{shape: []}", "StorageCapacityScoring"},
    {"DynamicResources", "{bindingTimeout: 10ms}", "is shorter than a second"},
    {"NodeName", "{a: 1}", "the plugin NodeName has no args"},
    {"NoSuch", "{}", "there is no plugin \"NoSuch\""},
    {"Packing", "[]", "args: is a list; give a map"},
};

TEST(PluginArgs, BadArgsAreNamed) {
  for (const BadArgs& c : kBadArgs) {
    const auto config = loadArgs(c.plugin, c.args);
    ASSERT_FALSE(config.has_value()) << c.plugin << " " << c.args;
    EXPECT_THAT(config.error().message(), HasSubstr(c.want)) << c.plugin << " " << c.args;
  }
}

TEST(PluginArgs, OnePluginIsConfiguredOnce) {
  const auto config = loadSchedulerConfig(
      withHeader("profiles:\n- pluginConfig: [{name: Packing}, {name: Packing}]"), "s.yaml");
  ASSERT_FALSE(config.has_value());
  EXPECT_THAT(config.error().message(),
              HasSubstr("pluginConfig[1].name: Packing is configured twice"));
}

}  // namespace
}  // namespace stowage::config
