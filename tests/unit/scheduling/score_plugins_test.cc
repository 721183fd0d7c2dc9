// Score plugins on whole pods and nodes. Expected values come from kube-scheduler v1.36.3's own
// plugins, run on the same pods and nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "scheduling/cache/cluster_cache.h"
#include "scheduling/plugins/balanced_allocation/balanced_allocation.h"
#include "scheduling/plugins/node_resources_fit/fit_score.h"
#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using scheduling::BalancedAllocation;
using scheduling::ClusterCache;
using scheduling::FitScore;
using scheduling::FitScoring;
using scheduling::PodDemand;
using scheduling::Shape;

// A shape as a profile without ignored resources prepares it.
std::unique_ptr<Shape> shapeOf(ClusterCache& cache, const kubeapi::Pod& pod) {
  auto shape = std::make_unique<Shape>(scheduling::shapeSpecOf(pod));
  const auto& spec = shape->spec;
  shape->demand = std::make_shared<const PodDemand>(cache.dimensions(), spec.amounts,
                                                    spec.non_zero_cpu, spec.non_zero_memory);
  shape->score_demand = shape->demand;
  if (const auto& level = spec.container_level) {
    shape->score_demand = std::make_shared<const PodDemand>(
        cache.dimensions(), level->amounts, level->non_zero_cpu, level->non_zero_memory);
  }
  return shape;
}

struct PodLevelCase {
  const char* cpu;
  const char* memory;
  std::int64_t least;
  std::int64_t most;
  std::int64_t balanced;
};

// The pod on the node counts with its pod-level requests; scores of NodeResourcesFit do not see
// those of the pod to place, BalancedAllocation does.
TEST(ScorePlugins, CountPodLevelRequestsWhereUpstreamDoes) {
  const std::vector<PodLevelCase> cases = {
      {"2", "2Gi", 54, 44, 69}, {"2", "", 66, 33, 62}, {"", "2Gi", 73, 26, 72}};
  for (const PodLevelCase& c : cases) {
    const auto pod = [&](std::string_view name) {
      PodBuilder builder = makePod(name).cpu("500m");
      if (*c.cpu != 0) builder.podLevel("cpu", c.cpu);
      if (*c.memory != 0) builder.podLevel("memory", c.memory);
      return builder;
    };
    ClusterCache cache;
    const auto info = cache.setNode(makeNode("n").cpu("4").memory("8Gi")).info;
    cache.setPlaced(pod("there").node("n"));
    const auto shape = shapeOf(cache, *pod("p").build());
    const auto view = cache.view(*info);
    const auto fit = [&](FitScoring::Type type) {
      FitScoring scoring;
      scoring.type = type;
      return FitScore(cache.stateForScores(), scoring).score(*shape, view);
    };
    EXPECT_EQ(fit(FitScoring::Type::kLeastAllocated), c.least) << c.cpu << " " << c.memory;
    EXPECT_EQ(fit(FitScoring::Type::kMostAllocated), c.most) << c.cpu << " " << c.memory;
    BalancedAllocation balanced(cache.stateForScores(), {"cpu", "memory"});
    EXPECT_EQ(balanced.score(*shape, view), c.balanced) << c.cpu << " " << c.memory;
  }
}

TEST(ScorePlugins, PodsThatDifferOnlyBelowThePodLevelAreTwoShapes) {
  const auto one = scheduling::shapeSpecOf(*makePod("a").cpu("1").podLevel("cpu", "2").build());
  const auto two = scheduling::shapeSpecOf(*makePod("a").cpu("500m").podLevel("cpu", "2").build());
  EXPECT_EQ(one.amounts, two.amounts);
  EXPECT_FALSE(one == two);
}

TEST(ScorePlugins, BalancedAllocationLeavesOutPodsThatAskForNothing) {
  ClusterCache cache;
  cache.setNode(makeNode("n").cpu("4").memory("8Gi").allocatable("example.com/gpu", "2"));
  BalancedAllocation balanced(cache.stateForScores(), {"cpu", "memory"});
  EXPECT_FALSE(balanced.applies(*shapeOf(cache, *makePod("p").build())));
  EXPECT_FALSE(balanced.applies(*shapeOf(cache, *makePod("p").cpu("0").build())));
  EXPECT_FALSE(
      balanced.applies(*shapeOf(cache, *makePod("p").request("example.com/gpu", "1").build())));
  EXPECT_TRUE(balanced.applies(*shapeOf(cache, *makePod("p").memory("1").build())));
}

HarnessOptions withScores(std::vector<scheduling::Profile::Score> scores) {
  HarnessOptions options;
  options.profile.scores = std::move(scores);
  return options;
}

TEST(ScorePlugins, BalancedAllocationPrefersTheNodeThatThePodEvensOut) {
  SchedulerHarness h(withScores({{"NodeResourcesBalancedAllocation", 1}}));
  for (const char* name : {"cpu-heavy", "memory-heavy"}) {
    h.add(makeNode(name).cpu("4").memory("8Gi"));
  }
  h.add(makePod("x").cpu("2").memory("1Gi").node("cpu-heavy"));
  h.add(makePod("y").cpu("500m").memory("4Gi").node("memory-heavy"));
  h.add(makePod("p").cpu("1").memory("100Mi"));
  h.add(makePod("q").cpu("100m").memory("2Gi"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "memory-heavy");
  EXPECT_EQ(h.boundTo("q"), "cpu-heavy");
}

TEST(ScorePlugins, RequestedToCapacityRatioFollowsItsCurve) {
  HarnessOptions options = withScores({{"NodeResourcesFit", 1}});
  options.profile.fit_scoring.type = FitScoring::Type::kRequestedToCapacityRatio;
  options.profile.fit_scoring.shape = {{0, 0}, {50, 10}, {100, 0}};  // best when half full
  SchedulerHarness h(options);
  for (const char* name : {"empty", "quarter", "full"}) {
    h.add(makeNode(name).cpu("4").memory("8Gi"));
  }
  h.add(makePod("x").cpu("1").memory("2Gi").node("quarter"));
  h.add(makePod("y").cpu("3").memory("6Gi").node("full"));
  h.add(makePod("p").cpu("1").memory("2Gi"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "quarter");
}

}  // namespace
}  // namespace stowage::testing
