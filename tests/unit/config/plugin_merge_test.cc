// Upstream's rules for `plugins`, case by case. What upstream gives was worked out by hand from
// mergePlugins and expandMultiPointPlugins of v1.36.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/scheduler_config.h"
#include "unit/config/config_text.h"

namespace stowage::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::Result<SchedulerConfig> loadPlugins(const std::string& plugins) {
  return loadSchedulerConfig(
      withHeader("profiles:\n- schedulerName: a\n  plugins: " + plugins + "\n"), "s.yaml");
}

// "A B*2": names in order, with the weight where it counts.
std::string pointOf(const base::Result<SchedulerConfig>& config, ExtensionPoint point) {
  if (!config) return config.error().message();
  std::string out;
  for (const PluginUse& use : config->profiles[0].at(point)) {
    out += (out.empty() ? "" : " ") + use.name;
    if (point == ExtensionPoint::kScore) out += fmt::format("*{}", use.weight);
  }
  return out;
}

constexpr const char* kDefaultScores =
    "TaintToleration*3 NodeAffinity*2 NodeResourcesFit*1 VolumeBinding*1 PodTopologySpread*2 "
    "InterPodAffinity*2 DynamicResources*2 NodeResourcesBalancedAllocation*1 ImageLocality*1";

struct MergeCase {
  const char* name;
  const char* plugins;
  ExtensionPoint point;
  const char* want;
};

const MergeCase kMergeCases[] = {
    {"an empty map is upstream's default profile", "{}", ExtensionPoint::kScore, kDefaultScores},
    {"an explicit weight moves to the front of its point",
     "{score: {enabled: [{name: NodeAffinity, weight: 9}]}}", ExtensionPoint::kScore,
     "NodeAffinity*9 TaintToleration*3 NodeResourcesFit*1 VolumeBinding*1 PodTopologySpread*2 "
     "InterPodAffinity*2 DynamicResources*2 NodeResourcesBalancedAllocation*1 ImageLocality*1"},
    {"multiPoint replaces in place", "{multiPoint: {enabled: [{name: NodeAffinity, weight: 9}]}}",
     ExtensionPoint::kScore,
     "TaintToleration*3 NodeAffinity*9 NodeResourcesFit*1 VolumeBinding*1 PodTopologySpread*2 "
     "InterPodAffinity*2 DynamicResources*2 NodeResourcesBalancedAllocation*1 ImageLocality*1"},
    {"a default named again without weight counts 1",
     "{multiPoint: {enabled: [{name: TaintToleration}], disabled: [{name: '*'}]}, score: "
     "{disabled: "
     "[]}, bind: {enabled: [{name: DefaultBinder}]}, queueSort: {enabled: [{name: PrioritySort}]}}",
     ExtensionPoint::kScore, "TaintToleration*1"},
    {"an explicit point beats multiPoint",
     "{multiPoint: {enabled: [{name: NodeAffinity, weight: 9}]}, score: {enabled: [{name: "
     "NodeAffinity, weight: 4}], disabled: [{name: ImageLocality}, {name: VolumeBinding}, {name: "
     "DynamicResources}]}}",
     ExtensionPoint::kScore,
     "NodeAffinity*4 TaintToleration*3 NodeResourcesFit*1 PodTopologySpread*2 InterPodAffinity*2 "
     "NodeResourcesBalancedAllocation*1"},
    {"star at a point leaves only what it enables",
     "{score: {disabled: [{name: '*'}], enabled: [{name: Packing, weight: 5}]}}",
     ExtensionPoint::kScore, "Packing*5"},
    {"star at a point leaves other points alone", "{score: {disabled: [{name: '*'}]}}",
     ExtensionPoint::kBind, "DefaultBinder"},
    {"a new plugin is appended", "{multiPoint: {enabled: [{name: Packing, weight: 2}]}}",
     ExtensionPoint::kScore,
     "TaintToleration*3 NodeAffinity*2 NodeResourcesFit*1 VolumeBinding*1 PodTopologySpread*2 "
     "InterPodAffinity*2 DynamicResources*2 NodeResourcesBalancedAllocation*1 ImageLocality*1 "
     "Packing*2"},
    {"one disabled filter", "{filter: {disabled: [{name: NodePorts}]}}", ExtensionPoint::kFilter,
     "NodeUnschedulable NodeName TaintToleration NodeAffinity NodeResourcesFit VolumeRestrictions "
     "NodeVolumeLimits VolumeBinding VolumeZone PodTopologySpread InterPodAffinity "
     "DynamicResources "
     "NodeDeclaredFeatures"},
    {"disabled in multiPoint, gone everywhere", "{multiPoint: {disabled: [{name: NodeAffinity}]}}",
     ExtensionPoint::kPreFilter,
     "NodePorts NodeResourcesFit VolumeRestrictions NodeVolumeLimits VolumeBinding VolumeZone "
     "PodTopologySpread InterPodAffinity DynamicResources NodeDeclaredFeatures"},
    {"disabled and enabled in multiPoint moves it to the end",
     "{multiPoint: {disabled: [{name: NodeUnschedulable}], enabled: [{name: NodeUnschedulable}]}}",
     ExtensionPoint::kFilter,
     "NodeName TaintToleration NodeAffinity NodePorts NodeResourcesFit VolumeRestrictions "
     "NodeVolumeLimits VolumeBinding VolumeZone PodTopologySpread InterPodAffinity "
     "DynamicResources "
     "NodeDeclaredFeatures NodeUnschedulable"},
};

TEST(PluginMerge, FollowsUpstreamsRules) {
  for (const MergeCase& c : kMergeCases) {
    EXPECT_EQ(pointOf(loadPlugins(c.plugins), c.point), c.want) << c.name;
  }
}

struct RefusedCase {
  const char* plugins;
  const char* want;
};

const RefusedCase kRefusedCases[] = {
    {"{score: {enabled: [{name: NoSuch}]}}",
     "score.enabled[0].name: there is no plugin \"NoSuch\""},
    {"{filter: {enabled: [{name: ImageLocality}]}}",
     "filter.enabled[0].name: ImageLocality does not extend filter"},
    {"{filter: {disabled: [{name: Nop}]}}", "filter.disabled[0].name: there is no plugin \"Nop\""},
    {"{filter: {enabled: [{name: '*'}]}}", "filter.enabled[0].name: there is no plugin \"*\""},
    {"{score: {enabled: [{name: Packing}, {name: Packing}]}}",
     "score.enabled[0]: Packing is enabled twice"},
    {"{multiPoint: {enabled: [{name: Packing}, {name: Packing}]}}",
     "multiPoint.enabled[0]: Packing is enabled twice"},
    {"{score: {enabled: [{name: Packing, weight: -1}]}}", "weight: is -1; give 0 to 2147483647"},
    {"{score: {enabled: [{weight: 1}]}}", "score.enabled[0].name: is missing"},
    {"{scores: {}}", "plugins.scores: is not a known field; did you mean score?"},
    {"{bind: {disabled: [{name: '*'}]}}", "plugins.bind: no plugin is enabled"},
    {"{queueSort: {disabled: [{name: '*'}]}}", "plugins.queueSort: 0 plugins are enabled"},
};

TEST(PluginMerge, RefusesWhatUpstreamRefuses) {
  for (const RefusedCase& c : kRefusedCases) {
    const auto config = loadPlugins(c.plugins);
    ASSERT_FALSE(config.has_value()) << c.plugins;
    EXPECT_THAT(config.error().message(), HasSubstr(c.want)) << c.plugins;
  }
}

TEST(PluginMerge, AProfileWithoutPluginsPacks) {
  const auto config = loadSchedulerConfig(withHeader("profiles: [{schedulerName: a}]\n"), "s.yaml");
  EXPECT_EQ(pointOf(config, ExtensionPoint::kScore),
            "TaintToleration*3 NodeAffinity*2 PodTopologySpread*2 InterPodAffinity*2 Packing*1");
  EXPECT_EQ(pointOf(config, ExtensionPoint::kFilter),
            pointOf(loadPlugins("{}"), ExtensionPoint::kFilter));
  EXPECT_FALSE(config->profiles[0].args.topology_spread.system_defaults);
  EXPECT_TRUE(loadPlugins("{}")->profiles[0].args.topology_spread.system_defaults);
}

TEST(PluginMerge, PluginsThatAreNotBuiltAreNamedAtStart) {
  const auto config = loadPlugins("{}");
  std::string all;
  for (const Notice& notice : config->notices) all += notice.text + "\n";
  EXPECT_THAT(all, HasSubstr("does not have them: DynamicResources\n"));
  EXPECT_THAT(all, HasSubstr("DynamicResources (score)"));
}

TEST(PluginCatalogue, NamesAreUniqueAndTheDefaultsAreThoseOfVersion136) {
  std::vector<std::string> defaults;
  std::set<std::string_view> seen;
  for (const PluginInfo& plugin : pluginCatalogue()) {
    EXPECT_TRUE(seen.insert(plugin.name).second) << plugin.name;
    EXPECT_NE(plugin.points, 0U) << plugin.name;
    if (plugin.upstream_default) defaults.emplace_back(plugin.name);
  }
  EXPECT_THAT(defaults,
              ElementsAre("SchedulingGates", "PrioritySort", "NodeUnschedulable", "NodeName",
                          "TaintToleration", "NodeAffinity", "NodePorts", "NodeResourcesFit",
                          "VolumeRestrictions", "NodeVolumeLimits", "VolumeBinding", "VolumeZone",
                          "PodTopologySpread", "InterPodAffinity", "DynamicResources",
                          "DefaultPreemption", "NodeResourcesBalancedAllocation", "ImageLocality",
                          "DefaultBinder", "NodeDeclaredFeatures"));
}

}  // namespace
}  // namespace stowage::config
