// ScoreIndex against the definition: every feasible node's weighted sum, in the order of slots.
#include "placement/score_index.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "base/rng.h"

namespace stowage::placement {
namespace {

const std::vector<ScoreColumn> kColumns = {
    {Normalise::kNone, 3}, {Normalise::kMaxReversed, 2}, {Normalise::kMinMax, 1, true}};

struct Node {
  bool feasible = false;
  std::vector<std::int64_t> raw = {0, 0, 0};
};

Choice bestByDefinition(const std::vector<Node>& nodes) {
  std::vector<ScoreRange> ranges(kColumns.size());
  Choice choice;
  for (const Node& node : nodes) {
    if (!node.feasible) continue;
    ++choice.feasible;
    for (std::size_t c = 0; c < kColumns.size(); ++c) ranges[c].add(node.raw[c]);
  }
  std::int64_t tie = 0;
  for (NodeIndex i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].feasible) continue;
    std::int64_t sum = 0;
    for (std::size_t c = 0; c < kColumns.size(); ++c) {
      sum += kColumns[c].weight * normalised(kColumns[c].normalise, nodes[i].raw[c],
                                             ranges[c].lowest, ranges[c].highest);
    }
    const bool better = choice.node == kNoNode || sum > choice.score ||
                        (sum == choice.score && nodes[i].raw[2] > tie);
    if (!better) continue;
    choice.node = i;
    choice.score = sum;
    tie = nodes[i].raw[2];
  }
  return choice;
}

class ScoreIndexProperty : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ScoreIndexProperty, FindsTheBestByDefinitionAfterEveryChange) {
  const std::size_t slots = GetParam();
  base::Rng rng(slots);
  std::vector<Node> nodes(slots);
  ScoreIndex index(kColumns);
  index.resize(slots);
  for (int round = 0; round < 300; ++round) {
    // Small ranges make ties; large ones move the scale for all.
    const std::uint64_t changes = round == 0 ? slots : rng.below(4);
    for (std::uint64_t i = 0; i < changes; ++i) {
      const auto at = static_cast<NodeIndex>(round == 0 ? i : rng.below(slots));
      nodes[at].feasible = rng.below(4) != 0;
      index.setFeasible(at, nodes[at].feasible);
      if (!nodes[at].feasible) continue;
      const std::uint64_t spread = rng.below(20) == 0 ? 100000 : 6;
      nodes[at].raw = {static_cast<std::int64_t>(rng.below(3)),
                       static_cast<std::int64_t>(rng.below(4)),
                       -static_cast<std::int64_t>(rng.below(spread))};
      std::copy(nodes[at].raw.begin(), nodes[at].raw.end(), index.change(at).begin());
    }
    index.summarise();
    ASSERT_EQ(index.best(), bestByDefinition(nodes)) << "round " << round;
  }
}

// Around the borders of blocks and groups, and several groups.
INSTANTIATE_TEST_SUITE_P(Sizes, ScoreIndexProperty,
                         ::testing::Values(1, 15, 16, 17, 383, 384, 385, 1000, 2000));

TEST(ScoreIndex, NobodyIsBestWhenNoNodeIsFeasible) {
  ScoreIndex index(kColumns);
  EXPECT_EQ(index.best().node, kNoNode);
  index.resize(1000);
  index.summarise();
  EXPECT_EQ(index.best().node, kNoNode);
  EXPECT_EQ(index.best().feasible, 0U);
}

TEST(ScoreIndex, GrowsAndKeepsWhatItKnows) {
  ScoreIndex index(kColumns);
  index.resize(10);
  index.setFeasible(7, true);
  index.change(7)[0] = 5;
  index.summarise();
  index.resize(5000);
  index.setFeasible(4999, true);
  index.change(4999)[0] = 9;
  index.summarise();
  EXPECT_EQ(index.best().node, 4999U);
  EXPECT_EQ(index.best().feasible, 2U);
  std::vector<NodeIndex> feasible;
  index.list(feasible);
  EXPECT_EQ(feasible, (std::vector<NodeIndex>{7, 4999}));
}

// A sum at the end of int64 does not wrap when more is added.
TEST(ScoreIndex, ExtraSaturates) {
  const std::vector<ScoreColumn> huge = {{Normalise::kNone, INT64_MAX}};
  ScoreIndex index(huge);
  index.resize(2);
  for (const NodeIndex node : {NodeIndex{0}, NodeIndex{1}}) {
    index.setFeasible(node, true);
    index.change(node)[0] = 100 + node;
  }
  index.summarise();
  const std::vector<NodeIndex> candidates = {0, 1};
  const std::vector<std::int64_t> extra = {INT64_MIN, INT64_MAX};
  const Choice choice = index.bestAmong(candidates, extra);
  EXPECT_EQ(choice.node, 1U);
  EXPECT_EQ(choice.score, INT64_MAX);
}

}  // namespace
}  // namespace stowage::placement
