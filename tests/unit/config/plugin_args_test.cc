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

TEST(PluginArgs, ACurveIsTakenPointByPoint) {
  const auto config = loadArgs(
      "NodeResourcesFit",
      "{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: "
      "[{utilization: 0, score: 0}, {utilization: 80, score: 10}, {utilization: 100}]}}}");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const NodeResourcesFitArgs& args = config->profiles[0].args.fit;
  EXPECT_EQ(args.strategy, NodeResourcesFitArgs::Strategy::kRequestedToCapacityRatio);
  EXPECT_THAT(args.shape, ElementsAre(UtilizationShapePoint{0, 0}, UtilizationShapePoint{80, 10},
                                      UtilizationShapePoint{100, 0}));
}

TEST(PluginArgs, AStrategyMayNameAResourceTwice) {
  const auto config =
      loadArgs("NodeResourcesFit",
               "{scoringStrategy: {type: LeastAllocated, resources: [{name: cpu}, {name: cpu}]}}");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_THAT(config->profiles[0].args.fit.resources,
              ElementsAre(ResourceSpec{"cpu", 1}, ResourceSpec{"cpu", 1}));
}

TEST(PluginArgs, AnAddedAffinityIsTaken) {
  const auto config = loadArgs(
      "NodeAffinity",
      "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
      "[{matchExpressions: [{key: pool, operator: In, values: [a, b]}, {key: gen, operator: Gt, "
      "values: ['7']}]}, {matchFields: [{key: metadata.name, operator: NotIn, values: [n]}]}]}, "
      "preferredDuringSchedulingIgnoredDuringExecution: [{weight: 5, preference: "
      "{matchExpressions: [{key: ssd, operator: Exists}]}}]}}");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const NodeAffinityArgs& args = config->profiles[0].args.node_affinity;
  using Op = kubeapi::SelectorOperator;
  kubeapi::NodeSelector required;
  required.terms.resize(2);
  required.terms[0].match_expressions = {{"pool", Op::kIn, {"a", "b"}}, {"gen", Op::kGt, {"7"}}};
  required.terms[1].match_fields = {{"metadata.name", Op::kNotIn, {"n"}}};
  EXPECT_EQ(args.required, required);
  ASSERT_EQ(args.preferred.size(), 1U);
  EXPECT_EQ(args.preferred[0].weight, 5);
  EXPECT_EQ(args.preferred[0].term.match_expressions[0],
            (kubeapi::SelectorRequirement{"ssd", Op::kExists, {}}));
}

TEST(PluginArgs, DefaultConstraintsAreTakenWithTheirRefinements) {
  const auto config =
      loadArgs("PodTopologySpread",
               "{defaultingType: List, defaultConstraints: [{maxSkew: 2, topologyKey: zone, "
               "whenUnsatisfiable: DoNotSchedule, minDomains: 3, nodeAffinityPolicy: Ignore, "
               "nodeTaintsPolicy: Honor, matchLabelKeys: [rev]}, {maxSkew: 1, topologyKey: zone, "
               "whenUnsatisfiable: ScheduleAnyway}]}");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  const PodTopologySpreadArgs& args = config->profiles[0].args.topology_spread;
  EXPECT_FALSE(args.system_defaults);
  ASSERT_EQ(args.default_constraints.size(), 2U);
  const auto& hard = args.default_constraints[0];
  EXPECT_EQ(hard.max_skew, 2);
  EXPECT_EQ(hard.topology_key.view(), "zone");
  EXPECT_TRUE(hard.do_not_schedule);
  EXPECT_EQ(hard.min_domains, 3);
  EXPECT_EQ(hard.node_affinity_policy.view(), "Ignore");
  EXPECT_EQ(hard.node_taints_policy.view(), "Honor");
  EXPECT_THAT(hard.match_label_keys, ElementsAre(base::Symbol("rev")));
  EXPECT_FALSE(hard.label_selector.has_value());
  EXPECT_FALSE(args.default_constraints[1].do_not_schedule);
}

TEST(PluginArgs, SpreadingIsUpstreamsByDefaultOnlyWhereUpstreamsPluginsAre) {
  const auto plain = loadSchedulerConfig(withHeader("profiles: [{}]"), "s.yaml");
  ASSERT_TRUE(plain.has_value()) << plain.error().message();
  EXPECT_FALSE(plain->profiles[0].args.topology_spread.system_defaults);
  const auto upstream = loadSchedulerConfig(withHeader("profiles: [{plugins: {}}]"), "s.yaml");
  ASSERT_TRUE(upstream.has_value()) << upstream.error().message();
  EXPECT_TRUE(upstream->profiles[0].args.topology_spread.system_defaults);
  const auto empty_args = loadArgs("PodTopologySpread", "{}");
  ASSERT_TRUE(empty_args.has_value()) << empty_args.error().message();
  EXPECT_FALSE(empty_args->profiles[0].args.topology_spread.system_defaults);
  const auto asked = loadArgs("PodTopologySpread", "{defaultingType: System}");
  ASSERT_TRUE(asked.has_value()) << asked.error().message();
  EXPECT_TRUE(asked->profiles[0].args.topology_spread.system_defaults);
}

TEST(PluginArgs, SparingOtherSchedulersIsStowagesOwn) {
  const auto config = loadArgs("DefaultPreemption",
                               "{apiVersion: config.stowage.dev/v1alpha1, kind: "
                               "DefaultPreemptionArgs, minCandidateNodesAbsolute: 7, "
                               "spareOtherSchedulers: true}");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_TRUE(config->profiles[0].args.preemption.spare_other_schedulers);
  EXPECT_EQ(config->profiles[0].args.preemption.min_candidate_nodes_absolute, 7);
  const auto plain = loadArgs("DefaultPreemption", "{spareOtherSchedulers: true}");
  ASSERT_FALSE(plain.has_value());
  EXPECT_THAT(plain.error().message(), ::testing::HasSubstr("config.stowage.dev/v1alpha1"));
}

// What /configz shows can be fed back.
TEST(PluginArgs, EveryArgSurvivesBeingWrittenAndRead) {
  const char* const kAll =
      "profiles:\n- plugins: {}\n  pluginConfig:\n"
      "  - {name: NodeResourcesFit, args: {ignoredResources: [a.b/c], ignoredResourceGroups: "
      "[d.e], "
      "scoringStrategy: {type: RequestedToCapacityRatio, resources: [{name: cpu, weight: 3}], "
      "requestedToCapacityRatio: {shape: [{utilization: 0, score: 2}, {utilization: 50, score: "
      "9}]}}}}\n"
      "  - {name: NodeResourcesBalancedAllocation, args: {resources: [{name: memory}]}}\n"
      "  - {name: NodeAffinity, args: {addedAffinity: "
      "{requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: "
      "[{key: k, operator: DoesNotExist}, {key: l, operator: Lt, values: ['3']}]}, {matchFields: "
      "[{key: metadata.name, operator: In, values: [n]}]}]}, "
      "preferredDuringSchedulingIgnoredDuringExecution: [{weight: 7, preference: "
      "{matchExpressions: [{key: m, operator: NotIn, values: ['true']}]}}]}}}\n"
      "  - {name: InterPodAffinity, args: {hardPodAffinityWeight: 3, "
      "ignorePreferredTermsOfExistingPods: true}}\n"
      "  - {name: PodTopologySpread, args: {defaultingType: List, defaultConstraints: [{maxSkew: "
      "2, "
      "topologyKey: zone, whenUnsatisfiable: DoNotSchedule, minDomains: 3, nodeAffinityPolicy: "
      "Ignore, nodeTaintsPolicy: Honor, matchLabelKeys: [rev]}]}}\n"
      "  - {name: DefaultPreemption, args: {minCandidateNodesPercentage: 5, "
      "minCandidateNodesAbsolute: 7}}\n"
      "  - {name: VolumeBinding, args: {bindTimeoutSeconds: 30}}\n";
  const auto first = loadSchedulerConfig(withHeader(kAll), "s.yaml");
  ASSERT_TRUE(first.has_value()) << first.error().message();
  const std::string written = schedulerConfigYaml(*first);
  const auto second = loadSchedulerConfig(written, "written.yaml");
  ASSERT_TRUE(second.has_value()) << second.error().message() << written;
  EXPECT_EQ(schedulerConfigYaml(*second), written);
  const PluginArgs& a = first->profiles[0].args;
  const PluginArgs& b = second->profiles[0].args;
  EXPECT_EQ(a.fit.shape, b.fit.shape);
  EXPECT_EQ(a.node_affinity.required, b.node_affinity.required);
  EXPECT_EQ(a.node_affinity.preferred, b.node_affinity.preferred);
  EXPECT_EQ(b.topology_spread.default_constraints.at(0).min_domains, 3);
  EXPECT_EQ(b.topology_spread.default_constraints.at(0).match_label_keys,
            a.topology_spread.default_constraints.at(0).match_label_keys);
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
    {"NodeResourcesFit", "{scoringStrategy: {resources: [{name: cpu}]}}",
     "scoringStrategy.type: is missing; give LeastAllocated"},
    {"NodeResourcesFit", "{scoringStrategy: {type: RequestedToCapacityRatio}}",
     "requestedToCapacityRatio: is missing; must be specified when type is "
     "RequestedToCapacityRatio"},
    {"NodeResourcesFit",
     "{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: 3}}",
     "requestedToCapacityRatio: is the number 3; give a map"},
    {"NodeResourcesFit",
     "{scoringStrategy: {type: RequestedToCapacityRatio, "
     "requestedToCapacityRatio: {shape: []}}}",
     "requestedToCapacityRatio.shape: is missing; at least one point must be specified"},
    {"NodeResourcesFit",
     "{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: "
     "[{utilization: 10, score: 1}, {utilization: 10, score: 2}]}}}",
     "shape[1].utilization: is 10 after 10; values must be sorted in increasing order"},
    {"NodeResourcesFit",
     "{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: "
     "[{utilization: 101, score: 1}]}}}",
     "shape[0].utilization: is 101; give 0 to 100"},
    {"NodeResourcesFit",
     "{scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: "
     "[{utilization: 1, score: 11}]}}}",
     "shape[0].score: is 11; give 0 to 10"},
    {"NodeResourcesFit",
     "{scoringStrategy: {type: LeastAllocated, requestedToCapacityRatio: {shape: "
     "[{utilization: 1, score: 1}]}}}",
     "requestedToCapacityRatio: is given; leave it out when type is not RequestedToCapacityRatio"},
    {"NodeResourcesFit", "{ignoredResources: [a b]}", "\"a b\" is no resource name"},
    {"NodeResourcesFit", "{ignoredResourceGroups: [-a]}", "\"-a\" is no name of a group"},
    {"NodeResourcesFit", "{scoringStrategy: {resources: [{name: cpu, weight: 101}]}}",
     "weight: is 101; give 0 to 100"},
    {"NodeResourcesBalancedAllocation", "{resources: [{name: cpu}, {name: cpu}]}",
     "resources[1].name: is listed twice"},
    {"NodeResourcesFit", "{scoringStrategy: {resources: [{weight: 1}]}}",
     "resources[0].name: is missing"},
    {"NodeResourcesFit", "{ignoredResources: [1]}", "ignoredResources[0]: is the number 1"},
    {"NodeResourcesBalancedAllocation", "{resources: [{name: cpu, weight: 2}]}",
     "weight: is 2; give 0 to 1"},
    {"InterPodAffinity", "{hardPodAffinityWeight: 101}", "is 101; give 0 to 100"},
    {"NodeAffinity", "{addedAffinity: []}", "args.addedAffinity: is a list; give a map"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {terms: []}}}",
     "terms: is not a known field"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchExpressions: [{key: a, operator: Is, values: [b]}]}]}}}",
     "nodeSelectorTerms[0].matchExpressions[0].operator: is \"Is\"; give In, NotIn"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchExpressions: [{key: -a, operator: Exists}]}]}}}",
     "matchExpressions[0].key: is \"-a\"; give the key of a label"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchExpressions: [{key: a, operator: In}]}]}}}",
     "matchExpressions[0].values: must have at least one element"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchExpressions: [{key: a, operator: Exists, values: [b]}]}]}}}",
     "values: must be empty for Exists"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchExpressions: [{key: a, operator: Gt, values: [b]}]}]}}}",
     "values: must be one integer"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchExpressions: [{key: a, operator: In, values: [a/b]}]}]}}}",
     "values: must be values of labels"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchFields: [{key: metadata.name, operator: In, values: [a, b]}]}]}}}",
     "matchFields[0].values: must have one element"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchFields: [{key: spec.x, operator: Exists, values: [a]}]}]}}}",
     "matchFields[0].operator: is \"Exists\"; give In or NotIn"},
    {"NodeAffinity",
     "{addedAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 101, preference: "
     "{}}]}}",
     "preferredDuringSchedulingIgnoredDuringExecution[0].weight: is 101; give 0 to 100"},
    {"PodTopologySpread",
     "{defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: z, whenUnsatisfiable: "
     "ScheduleAnyway}, {maxSkew: 2, topologyKey: z, whenUnsatisfiable: ScheduleAnyway}]}",
     "defaultConstraints[1]: repeats topologyKey and whenUnsatisfiable of another one"},
    {"PodTopologySpread",
     "{defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: a b, "
     "whenUnsatisfiable: ScheduleAnyway}]}",
     "topologyKey: is \"a b\"; give the key of a label"},
    {"PodTopologySpread",
     "{defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: a}]}",
     "whenUnsatisfiable: is missing"},
    {"PodTopologySpread",
     "{defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: "
     "DoNotSchedule, nodeTaintsPolicy: Maybe}]}",
     "nodeTaintsPolicy: is \"Maybe\"; give Honor or Ignore"},
    {"PodTopologySpread",
     "{defaultingType: List, defaultConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: "
     "DoNotSchedule, minDomains: 0}]}",
     "minDomains: is 0; give 1 to 2147483647"},
    {"NodeAffinity",
     "{addedAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
     "[{matchFields: [{key: spec.x, operator: In, values: [a]}]}]}}}",
     "matchFields[0].key: is \"spec.x\"; give metadata.name"},
    {"PodTopologySpread", "{defaultingType: None}", "defaultingType: is \"None\""},
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
