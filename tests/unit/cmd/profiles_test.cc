// Every arg of the configuration reaches the profile that decides.
#include "cmd/scheduler/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stowage::scheduler_cmd {
namespace {

using scheduling::FitScoring;
using ::testing::ElementsAre;

constexpr const char* kConfig = R"(
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: all
  plugins: {}
  pluginConfig:
  - name: NodeResourcesFit
    args:
      ignoredResources: [a.b/c]
      ignoredResourceGroups: [d.e]
      scoringStrategy:
        type: RequestedToCapacityRatio
        resources: [{name: cpu, weight: 3}, {name: memory}]
        requestedToCapacityRatio: {shape: [{utilization: 0, score: 2}, {utilization: 50, score: 9}]}
  - name: NodeResourcesBalancedAllocation
    args: {resources: [{name: memory}, {name: example.com/gpu}]}
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms: [{matchExpressions: [{key: pool, operator: Exists}]}]
        preferredDuringSchedulingIgnoredDuringExecution:
        - {weight: 7, preference: {matchExpressions: [{key: disk, operator: In, values: [ssd]}]}}
  - name: InterPodAffinity
    args: {hardPodAffinityWeight: 3, ignorePreferredTermsOfExistingPods: true}
  - name: PodTopologySpread
    args:
      defaultingType: List
      defaultConstraints: [{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]
  - name: VolumeBinding
    args: {bindTimeoutSeconds: 30}
  - name: Packing
    args: {quantum: 10, imbalanceWeight: 0.5, window: 99}
- schedulerName: plain
)";

scheduling::Profile profile(std::size_t index) {
  const auto config = config::loadSchedulerConfig(kConfig, "s.yaml");
  EXPECT_TRUE(config.has_value()) << config.error().message();
  return config.has_value() ? schedulingProfiles(*config).at(index) : scheduling::Profile();
}

TEST(SchedulingProfiles, CarryTheArgsOfScores) {
  const scheduling::Profile all = profile(0);
  EXPECT_EQ(all.scheduler_name, "all");
  EXPECT_EQ(all.fit_scoring.type, FitScoring::Type::kRequestedToCapacityRatio);
  ASSERT_EQ(all.fit_scoring.resources.size(), 2U);
  EXPECT_EQ(all.fit_scoring.resources[0].name, "cpu");
  EXPECT_EQ(all.fit_scoring.resources[0].weight, 3);
  EXPECT_THAT(all.fit_scoring.shape,
              ElementsAre(scheduling::ShapePoint{0, 2}, scheduling::ShapePoint{50, 9}));
  EXPECT_THAT(all.ignored_resources, ElementsAre("a.b/c"));
  EXPECT_THAT(all.ignored_resource_groups, ElementsAre("d.e"));
  EXPECT_THAT(all.balanced_resources, ElementsAre("memory", "example.com/gpu"));
  EXPECT_EQ(all.packing.quantum, 10);
  EXPECT_EQ(all.packing.imbalance_weight, 0.5);
  EXPECT_EQ(all.packing.window, 99U);
}

TEST(SchedulingProfiles, CarryTheArgsOfAffinityAndSpreading) {
  const scheduling::Profile all = profile(0);
  ASSERT_TRUE(all.added_affinity.required.has_value());
  EXPECT_EQ(all.added_affinity.required->terms.at(0).match_expressions.at(0).key.view(), "pool");
  ASSERT_EQ(all.added_affinity.preferred.size(), 1U);
  EXPECT_EQ(all.added_affinity.preferred[0].weight, 7);
  EXPECT_EQ(all.hard_pod_affinity_weight, 3);
  EXPECT_TRUE(all.ignore_preferred_terms_of_existing_pods);
  EXPECT_FALSE(all.spread_defaults.system);
  ASSERT_EQ(all.spread_defaults.constraints.size(), 1U);
  EXPECT_EQ(all.spread_defaults.constraints[0].max_skew, 2);
  EXPECT_FALSE(all.spread_defaults.constraints[0].do_not_schedule);
  EXPECT_EQ(all.volume_bind_timeout, std::chrono::seconds(30));
}

TEST(SchedulingProfiles, HaveUpstreamsArgsUnlessTold) {
  const scheduling::Profile plain = profile(1);
  EXPECT_EQ(plain.fit_scoring.type, FitScoring::Type::kLeastAllocated);
  EXPECT_TRUE(plain.fit_scoring.shape.empty());
  EXPECT_THAT(plain.balanced_resources, ElementsAre("cpu", "memory"));
  EXPECT_FALSE(plain.added_affinity.required.has_value());
  EXPECT_EQ(plain.hard_pod_affinity_weight, 1);
  EXPECT_FALSE(plain.spread_defaults.system) << "a profile without plugins packs";
  EXPECT_EQ(plain.volume_bind_timeout, std::chrono::seconds(600));
}

TEST(Extenders, ThoseThatMayBeIgnoredAreAskedLast) {
  const auto config = config::loadSchedulerConfig(R"(
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
extenders:
- {urlPrefix: http://a, filterVerb: f, ignorable: true}
- {urlPrefix: http://b, bindVerb: b, managedResources: [{name: e.com/g}]}
- {urlPrefix: http://c, ignorable: true}
- {urlPrefix: http://d, preemptVerb: p}
)",
                                                  "s.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_THAT(extenderOrder(*config), ElementsAre(1U, 3U, 0U, 2U));
  const auto specs = extenderSpecs(*config);
  ASSERT_EQ(specs.size(), 4U);
  EXPECT_EQ(specs[0].name, "http://b");
  EXPECT_TRUE(specs[0].binds);
  EXPECT_THAT(specs[0].managed_resources, ElementsAre("e.com/g"));
  EXPECT_TRUE(specs[1].preempts);
  EXPECT_TRUE(specs[2].filters);
}

TEST(Extenders, ResourcesTheyAloneLookAtAreIgnoredBesideThoseOfTheProfile) {
  const auto config = config::loadSchedulerConfig(R"(
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: one
  pluginConfig:
  - {name: NodeResourcesFit, args: {ignoredResources: [a.b/c]}}
extenders:
- urlPrefix: http://a
  managedResources: [{name: e.com/g, ignoredByScheduler: true}, {name: e.com/h}]
)",
                                                  "s.yaml");
  ASSERT_TRUE(config.has_value()) << config.error().message();
  EXPECT_THAT(schedulingProfiles(*config).at(0).ignored_resources, ElementsAre("a.b/c", "e.com/g"));
}

}  // namespace
}  // namespace stowage::scheduler_cmd
