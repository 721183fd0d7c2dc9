#include "placement/packing/packing.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/rng.h"
#include "placement/resource_fit.h"
#include "placement/shape_cache.h"

namespace stowage::placement {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Demand pod(std::int64_t cpu, std::int64_t memory) {
  return Demand{{{kCpu, cpu}, {kMemory, memory}}, cpu, memory};
}

class PackingTest : public testing::Test {
 protected:
  NodeIndex addNode(std::int64_t cpu, std::int64_t memory, std::int64_t gpus = 0) {
    const NodeIndex node = state_.addNode("node-" + std::to_string(state_.slots()));
    state_.setAllocatable(
        node, std::vector<Amount>{{kCpu, cpu}, {kMemory, memory}, {kPods, 100}, {gpu_, gpus}});
    return node;
  }
  ClusterState state_;
  const Dimension gpu_ = state_.acquireDimension("nvidia.com/gpu");
};

TEST_F(PackingTest, WasteIsTheRoomThatThePodsToComeLeaveOver) {
  const NodeIndex node = addNode(4000, 8000);  // the mean node: 1,000 thousandths
  PackingScore score(state_, {});
  score.arrived(pod(1000, 2000));  // four copies fill the node
  ASSERT_TRUE(score.renewIfStale());
  EXPECT_NEAR(score.waste(node), 0, 0.1);
  state_.place(node, pod(500, 0));  // 3 copies use 3,000 and 6,000 of 3,500 and 8,000
  EXPECT_NEAR(score.waste(node), (125 + 250) / 2.0, 0.1);
  state_.place(node, pod(3000, 0));  // none fits: 500 and 8,000 are of no use
  EXPECT_NEAR(score.waste(node), (125 + 1000) / 2.0, 0.1);
}

TEST_F(PackingTest, ImbalanceIsTheVarianceOfTheFreeFractionsTimesTheSizeOfTheNode) {
  const NodeIndex small = addNode(4000, 8000);
  const NodeIndex large = addNode(12000, 24000);  // mean 8,000 and 16,000
  PackingScore score(state_, {});
  score.arrived(pod(1000, 2000));
  score.renewIfStale();
  EXPECT_NEAR(score.imbalance(small), 0, 0.1);
  state_.place(small, pod(2000, 0));  // 1/2 and 1: variance 1/16
  state_.place(large, pod(6000, 0));
  EXPECT_NEAR(score.imbalance(small), 500 / 16.0, 0.1);
  EXPECT_NEAR(score.imbalance(large), 1500 / 16.0, 0.1);
}

TEST_F(PackingTest, NodesInUseComeBeforeEmptyOnesAndFullerOnesBeforeOthers) {
  const NodeIndex empty = addNode(16000, 64000);
  const NodeIndex used = addNode(16000, 64000);
  const NodeIndex fuller = addNode(16000, 64000);
  PackingScore score(state_, {});
  const Demand demand = pod(1000, 4000);
  score.arrived(demand);
  score.renewIfStale();
  for (int i = 0; i < 4; ++i) state_.place(used, demand);
  for (int i = 0; i < 12; ++i) state_.place(fuller, demand);
  EXPECT_GT(score.score(used, demand), score.score(empty, demand));
  EXPECT_GT(score.score(fuller, demand), score.score(used, demand));
}

TEST_F(PackingTest, OfEmptyNodesTheLargeOneIsOpened) {
  const NodeIndex small = addNode(4000, 16000);
  const NodeIndex large = addNode(64000, 256000);
  PackingScore score(state_, {});
  const Demand demand = pod(1000, 4000);
  score.arrived(demand);
  score.renewIfStale();
  EXPECT_GT(score.score(large, demand), score.score(small, demand));
}

TEST_F(PackingTest, PodsWithoutGpusStayOffNodesWithFreeGpus) {
  const NodeIndex with_gpus = addNode(16000, 64000, 8);
  const NodeIndex without = addNode(16000, 64000);
  PackingScore score(state_, {});
  Demand gpu_pod = pod(2000, 8000);
  gpu_pod.amounts.push_back({gpu_, 1});
  const Demand demand = pod(2000, 8000);
  for (int i = 0; i < 8; ++i) score.arrived(i % 2 == 0 ? gpu_pod : demand);
  score.renewIfStale();
  EXPECT_GT(score.score(without, demand), score.score(with_gpus, demand));
}

TEST_F(PackingTest, APodGoesWhereItCompletesTheNode) {
  const NodeIndex memory_left = addNode(16000, 64000);
  const NodeIndex balanced = addNode(16000, 64000);
  PackingScore score(state_, {});
  const Demand memory_pod = pod(1000, 32000);
  for (int i = 0; i < 8; ++i) score.arrived(i % 2 == 0 ? pod(14000, 16000) : memory_pod);
  score.renewIfStale();
  state_.place(memory_left, pod(14000, 16000));
  state_.place(balanced, pod(7500, 32000));
  EXPECT_GT(score.score(memory_left, memory_pod), score.score(balanced, memory_pod));
}

TEST_F(PackingTest, ValuesLessThanAQuantumApartAreEqual) {
  const NodeIndex a = addNode(100000, 400000);
  const NodeIndex b = addNode(100000, 400000);
  const Demand demand = pod(1000, 4000);
  state_.place(a, pod(50000, 200000));
  state_.place(b, pod(51000, 204000));
  PackingWeights weights{.quantum = 1};
  PackingScore fine(state_, weights);
  fine.arrived(demand);
  fine.renewIfStale();
  EXPECT_GT(fine.score(b, demand), fine.score(a, demand));
  weights.quantum = 500;
  PackingScore coarse(state_, weights);
  coarse.arrived(demand);
  coarse.renewIfStale();
  EXPECT_EQ(coarse.score(b, demand), coarse.score(a, demand));
}

TEST_F(PackingTest, SnapshotIsTakenAnewWhileTheWindowFillsAndWhenMixOrClusterChange) {
  for (int i = 0; i < 32; ++i) addNode(4000, 8000);
  PackingScore score(state_, {.window = 64});
  EXPECT_TRUE(score.renewIfStale()) << "there is none yet";
  std::vector<int> renewed;
  for (int arrivals = 1; arrivals <= 200; ++arrivals) {
    score.arrived(pod(1000, 2000));
    if (score.renewIfStale()) renewed.push_back(arrivals);
  }
  EXPECT_EQ(renewed, (std::vector<int>{1, 2, 4, 8, 16, 32, 64})) << "then the mix stays the same";
  int until = 0;
  do {
    score.arrived(pod(2000, 2000));
    ++until;
  } while (!score.renewIfStale() && until < 100);
  EXPECT_GT(until, 5);
  EXPECT_LT(until, 32);
  addNode(4000, 8000);
  addNode(4000, 8000);
  EXPECT_FALSE(score.renewIfStale()) << "a sixteenth more nodes";
  addNode(4000, 8000);
  EXPECT_TRUE(score.renewIfStale());
}

TEST_F(PackingTest, AThousandKindsOfPodsLeaveABoundedTarget) {
  addNode(64000, 256000);
  PackingScore score(state_, {});
  for (int i = 1; i <= 2000; ++i) score.arrived(pod(i, 2 * i));
  score.renewIfStale();
  EXPECT_EQ(score.targets(), PackingScore::kMaxTargets);
}

TEST_F(PackingTest, AnEmptyClusterAndACapacityOfNothingAreNoTrouble) {
  PackingScore score(state_, {});
  score.arrived(pod(1000, 2000));
  EXPECT_TRUE(score.renewIfStale());
  const NodeIndex node = addNode(0, 0);
  score.renewIfStale();
  EXPECT_NO_FATAL_FAILURE((void)score.score(node, pod(1000, 2000)));
  EXPECT_NO_FATAL_FAILURE((void)score.score(node, Demand{}));
}

// Amounts from nothing to the largest there is, and settings of every size: no undefined behaviour
// (the sanitizers watch), and the remembered terms equal those of a score that remembers nothing.
RC_GTEST_PROP(PackingProperty, AnyAmountsGiveTheSameScoreWithAndWithoutMemory, ()) {
  const auto amount = rc::gen::weightedOneOf<std::int64_t>(
      {{6, rc::gen::inRange<std::int64_t>(0, 1000)},
       {1, rc::gen::element<std::int64_t>(1, kMost, kMost - 1, kMost / 2)},
       {1, rc::gen::inRange<std::int64_t>(0, kMost)}});
  ClusterState state;
  const Dimension gpu = state.acquireDimension("nvidia.com/gpu");
  const auto anyDemand = [&] {
    Demand demand;
    for (const Dimension dim : {kCpu, kMemory, gpu}) {
      if (*rc::gen::arbitrary<bool>()) demand.amounts.push_back({dim, *amount + 0});
    }
    std::erase_if(demand.amounts, [](const Amount& a) { return a.value == 0; });
    return demand;
  };
  const auto factor = rc::gen::element<std::int64_t>(-5, 0, 1, 100, 2000, 1'000'000, kMost);
  const PackingWeights weights{*factor,
                               *factor,
                               *factor,
                               *factor,
                               *factor,
                               *factor,
                               *rc::gen::element<std::uint32_t>(0, 1, 8, 1024)};
  PackingScore warm(state, weights);
  const int nodes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < nodes; ++i) {
    const NodeIndex node = state.addNode("n" + std::to_string(i));
    state.setAllocatable(
        node,
        std::vector<Amount>{{kCpu, *amount}, {kMemory, *amount}, {kPods, *amount}, {gpu, *amount}});
  }
  std::vector<Demand> arrivals;
  for (int step = 0; step < 20; ++step) {
    const Demand demand = anyDemand();
    arrivals.push_back(demand);
    warm.arrived(demand);
    warm.renewIfStale();
    const auto node = static_cast<NodeIndex>(*rc::gen::inRange(0, nodes));
    const std::int64_t first = warm.score(node, demand);
    RC_ASSERT(warm.score(node, demand) == first);
    if (*rc::gen::arbitrary<bool>()) state.place(node, demand);
  }
  PackingScore cold(state, weights);
  for (const Demand& demand : arrivals) {
    cold.arrived(demand);
    cold.renewIfStale();
  }
  for (NodeIndex node = 0; node < state.slots(); ++node) {
    RC_ASSERT(warm.score(node, arrivals.back()) == cold.score(node, arrivals.back()));
  }
}

class PackingRules : public NodeRules {
 public:
  PackingRules(const ClusterState& state, PackingScore& score, const std::vector<Demand>& demands)
      : state_(state), score_(score), demands_(demands) {}
  Verdict check(ShapeId shape, NodeIndex node) override {
    return resourceFit(state_, node, demands_[shape], 0);
  }
  void score(ShapeId shape, NodeIndex node, std::span<std::int64_t> raw) override {
    raw[0] = score_.score(node, demands_[shape]);
  }

 private:
  const ClusterState& state_;
  PackingScore& score_;
  const std::vector<Demand>& demands_;
};

TEST_F(PackingTest, CachedChoicesEqualNaiveOnesWhileTheMixDrifts) {
  for (int i = 0; i < 100; ++i) addNode(4000 << (i % 3), 16000 << (i % 3), i % 5 == 0 ? 4 : 0);
  std::vector<Demand> demands;
  for (int i = 0; i < 10; ++i) demands.push_back(pod(100 << (i % 5), 300 << (i % 6)));
  demands.push_back(Demand{{{kCpu, 500}, {gpu_, 1}}, 500, 0});
  PackingScore score(state_, {.window = 64});
  PackingRules rules(state_, score, demands);
  ShapeCache cache(state_, rules, {{Normalise::kMinMax, 1, true}}, 16);
  cache.setVerify(true);
  base::Rng rng(3);
  std::vector<std::pair<NodeIndex, ShapeId>> placed;
  for (int i = 0; i < 600; ++i) {
    const std::uint64_t from = i < 300 ? 0 : 5;
    const auto shape = static_cast<ShapeId>(from + rng.below(demands.size() - from));
    score.arrived(demands[shape]);
    if (score.renewIfStale()) cache.forgetScores();
    const Choice choice = cache.choose(shape);  // ends the process on a difference
    if (choice.node == kNoNode) continue;
    state_.place(choice.node, demands[shape]);
    placed.emplace_back(choice.node, shape);
    if (rng.below(3) == 0) {
      std::swap(placed[rng.below(placed.size())], placed.back());
      state_.remove(placed.back().first, demands[placed.back().second]);
      placed.pop_back();
    }
  }
  EXPECT_FALSE(placed.empty());
}

}  // namespace
}  // namespace stowage::placement
