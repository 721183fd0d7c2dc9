#include "placement/shape_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace stowage::placement {

void PrintTo(const Choice& choice, std::ostream* os) {
  *os << "node " << choice.node << " score " << choice.score << " feasible " << choice.feasible
      << " evaluated " << choice.evaluated;
}

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

// Rules read from tables: raw scores per node, and the nodes that do not fit.
class TableRules : public NodeRules {
 public:
  Verdict check(ShapeId, NodeIndex node) override {
    ++checks;
    return verdicts[node];
  }
  void score(ShapeId, NodeIndex node, std::span<std::int64_t> raw) override {
    for (std::size_t c = 0; c < raw.size(); ++c) raw[c] = columns[c][node];
  }
  std::map<NodeIndex, Verdict> verdicts;
  std::vector<std::map<NodeIndex, std::int64_t>> columns;
  int checks = 0;
};

class ShapeCacheTest : public testing::Test {
 protected:
  void addNodes(int count) {
    for (int i = 0; i < count; ++i) state_.addNode("node-" + std::to_string(added_++));
  }
  void setRaw(std::size_t column, const std::vector<std::int64_t>& raw) {
    rules_.columns.resize(std::max(rules_.columns.size(), column + 1));
    for (NodeIndex node = 0; node < raw.size(); ++node) rules_.columns[column][node] = raw[node];
  }
  ClusterState state_;
  TableRules rules_;
  int added_ = 0;
};

TEST(Normalised, FollowsUpstreamsArithmeticAndSurvivesExtremes) {
  struct Case {
    Normalise how;
    std::int64_t raw, lowest, highest, expected;
  };
  const std::vector<Case> cases = {
      {Normalise::kNone, 42, 0, 99, 42},
      {Normalise::kMax, 1, 0, 3, 33},
      {Normalise::kMax, 3, 0, 3, 100},
      {Normalise::kMax, 0, 0, 0, 0},
      {Normalise::kMaxReversed, 1, 0, 3, 67},
      {Normalise::kMaxReversed, 0, 0, 0, 100},
      {Normalise::kMinMax, -7, -7, 13, 0},
      {Normalise::kMinMax, 13, -7, 13, 100},
      {Normalise::kMinMax, 0, -7, 13, 35},
      {Normalise::kMinMax, 5, 5, 5, 100},
      {Normalise::kMinMax, kMost, kLeast, kMost, 100},
      {Normalise::kMinMax, kLeast, kLeast, kMost, 0},
      {Normalise::kMinMax, 0, kLeast, kMost, 50},
      {Normalise::kMax, kMost, 0, kMost, 100},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(normalised(c.how, c.raw, c.lowest, c.highest), c.expected)
        << "how " << static_cast<int>(c.how) << " raw " << c.raw << " range " << c.lowest << ".."
        << c.highest;
  }
}

TEST_F(ShapeCacheTest, PicksTheHighestSumAndTheLowestSlotAmongEquals) {
  addNodes(5);
  setRaw(0, {10, 70, 90, 90, 20});
  ShapeCache cache(state_, rules_, {{}}, 8);
  EXPECT_EQ(cache.choose(1), (Choice{.node = 2, .score = 90, .feasible = 5, .evaluated = 5}));
}

TEST_F(ShapeCacheTest, WeighsColumnsAfterTheirNormalisation) {
  addNodes(3);
  setRaw(0, {0, 5, 10});       // kMaxReversed: 100 50 0
  setRaw(1, {-30, -20, -10});  // kMinMax: 0 50 100
  ShapeCache cache(state_, rules_, {{Normalise::kMaxReversed, 2}, {Normalise::kMinMax, 3}}, 8);
  EXPECT_EQ(cache.choose(1).node, 2U);
  EXPECT_EQ(cache.choose(1).score, 300);
}

TEST_F(ShapeCacheTest, NormalisesOverFeasibleNodesOnly) {
  addNodes(3);
  setRaw(0, {4, 8, 1000});
  rules_.verdicts[2] = Verdict{.fit = Fit::kUnschedulable};
  ShapeCache cache(state_, rules_, {{Normalise::kMax, 1}}, 8);
  EXPECT_EQ(cache.choose(1), (Choice{.node = 1, .score = 100, .feasible = 2, .evaluated = 3}));
}

TEST_F(ShapeCacheTest, SaysThatNoNodeIsFeasible) {
  ShapeCache cache(state_, rules_, {{}}, 8);
  setRaw(0, {1});
  EXPECT_EQ(cache.choose(1), Choice{});
  addNodes(1);
  rules_.verdicts[0] = Verdict{.reasons = 2, .rule = 3, .fit = Fit::kUnresolvable};
  EXPECT_EQ(cache.choose(1), (Choice{.evaluated = 1}));
  EXPECT_EQ(cache.verdict(1, 0), rules_.verdicts[0]);
}

TEST_F(ShapeCacheTest, RawTieBreakKeepsAFarOffNodeFromBlurringTheOthers) {
  addNodes(4);
  setRaw(0, {-1'000'000, -30, -20, -20});  // scaled: 0 99 99 99 without the best node
  addNodes(1);
  rules_.columns[0][4] = -10;
  setRaw(1, {0, 0, 0, 0, -1});  // ... which the other column rules out
  const ScoreColumn packing{Normalise::kMinMax, 1};
  ScoreColumn sharp = packing;
  sharp.raw_breaks_ties = true;
  ShapeCache scaled(state_, rules_, {packing, {Normalise::kNone, 100}}, 8);
  EXPECT_EQ(scaled.choose(1).node, 1U) << "nodes 1 to 3 look equal";
  ShapeCache raw(state_, rules_, {sharp, {Normalise::kNone, 100}}, 8);
  EXPECT_EQ(raw.choose(1).node, 2U);
}

TEST_F(ShapeCacheTest, NextPodOfAShapeCostsOnlyTheNodesThatChanged) {
  addNodes(1000);
  setRaw(0, std::vector<std::int64_t>(1000, 5));
  ShapeCache cache(state_, rules_, {{}}, 8);
  EXPECT_EQ(cache.choose(1).evaluated, 1000U);
  EXPECT_EQ(cache.choose(1).evaluated, 0U);
  state_.place(7, Demand{});
  state_.place(7, Demand{});
  state_.touch(900);
  EXPECT_EQ(cache.choose(1).evaluated, 2U);
  EXPECT_EQ(rules_.checks, 1002);
}

TEST_F(ShapeCacheTest, ForgettingScoresKeepsVerdicts) {
  addNodes(10);
  setRaw(0, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  rules_.verdicts[9] = Verdict{.fit = Fit::kUnschedulable};
  ShapeCache cache(state_, rules_, {{}}, 8);
  EXPECT_EQ(cache.choose(1).node, 8U);
  rules_.columns[0][3] = 50;
  EXPECT_EQ(cache.choose(1).node, 8U) << "nothing said that scores changed";
  rules_.checks = 0;
  cache.forgetScores();
  EXPECT_EQ(cache.choose(1), (Choice{.node = 3, .score = 50, .feasible = 9, .evaluated = 9}));
  EXPECT_EQ(rules_.checks, 0);
}

TEST_F(ShapeCacheTest, ForgettingTheScoresOfOneShapeLeavesTheOthersAlone) {
  addNodes(9);
  setRaw(0, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  ShapeCache cache(state_, rules_, {{}}, 8);
  cache.choose(1);
  cache.choose(2);
  rules_.columns[0][3] = 50;
  rules_.checks = 0;
  cache.forgetScores(1);
  cache.forgetScores(7);  // not held: nothing to forget
  EXPECT_EQ(cache.choose(1), (Choice{.node = 3, .score = 50, .feasible = 9, .evaluated = 9}));
  EXPECT_EQ(cache.choose(1).evaluated, 0U) << "once";
  EXPECT_EQ(cache.choose(2).node, 8U) << "nothing said that its scores changed";
  EXPECT_EQ(rules_.checks, 0);
}

TEST_F(ShapeCacheTest, ForgettingAShapeAsksForItsVerdictsAgain) {
  addNodes(3);
  setRaw(0, {1, 2, 3});
  ShapeCache cache(state_, rules_, {{}}, 8);
  EXPECT_EQ(cache.choose(1).node, 2U);
  rules_.verdicts[2] = Verdict{.fit = Fit::kUnschedulable};
  cache.forget(1);
  EXPECT_EQ(cache.choose(1).node, 1U);
}

TEST_F(ShapeCacheTest, HoldsNoMoreShapesThanAllowedAndEvictsTheOneUsedLongestAgo) {
  addNodes(4);
  setRaw(0, {1, 2, 3, 4});
  ShapeCache cache(state_, rules_, {{}}, 2);
  cache.choose(1);
  cache.choose(2);
  cache.choose(1);
  cache.choose(3);  // evicts 2
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.choose(1).evaluated, 0U);
  EXPECT_EQ(cache.choose(2).evaluated, 4U);
  for (ShapeId shape = 10; shape < 1000; ++shape) cache.choose(shape);
  EXPECT_EQ(cache.size(), 2U);
}

TEST_F(ShapeCacheTest, VerdictsFollowNodesThatComeAndGo) {
  addNodes(2);
  setRaw(0, {1, 2, 3});
  rules_.verdicts[1] = Verdict{.rule = 1, .fit = Fit::kUnschedulable};
  ShapeCache cache(state_, rules_, {{}}, 8);
  EXPECT_THAT(cache.verdicts(1), testing::ElementsAre(Verdict{}, rules_.verdicts[1]));
  state_.removeNode(1);
  EXPECT_THAT(cache.verdicts(1), testing::ElementsAre(Verdict{}, Verdict{}));
  addNodes(2);
  rules_.verdicts[2] = Verdict{.rule = 2, .fit = Fit::kUnresolvable};
  EXPECT_THAT(cache.verdicts(1),
              testing::ElementsAre(Verdict{}, rules_.verdicts[1], rules_.verdicts[2]));
  EXPECT_EQ(cache.choose(1).feasible, 1U);
  EXPECT_EQ(cache.verdict(1, 77), Verdict{}) << "no such slot";
}

TEST_F(ShapeCacheTest, ShapeThatMissedMoreThanTheChangeLogIsEvaluatedAnew) {
  addNodes(3);
  setRaw(0, {1, 2, 3});
  ShapeCache cache(state_, rules_, {{}}, 8);
  cache.choose(1);
  for (int i = 0; i < (1 << 17); ++i) state_.touch(0);
  EXPECT_EQ(cache.choose(1).evaluated, 3U);
}

TEST_F(ShapeCacheTest, VerifyModeEndsTheProcessOnAStaleVerdictScoreOrChoice) {
  addNodes(3);
  setRaw(0, {1, 2, 3});
  ShapeCache cache(state_, rules_, {{}}, 8);
  cache.setVerify(true);
  EXPECT_EQ(cache.choose(1).node, 2U);
  rules_.columns[0][1] = 9;  // behind the cache's back
  EXPECT_DEATH(cache.choose(1), "stale");
  rules_.columns[0][1] = 2;
  rules_.verdicts[0] = Verdict{.fit = Fit::kUnschedulable};
  EXPECT_DEATH(cache.choose(1), "stale");
}

}  // namespace
}  // namespace stowage::placement
