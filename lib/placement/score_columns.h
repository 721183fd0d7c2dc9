// ScoreColumn: what becomes of one score's raw values when nodes are compared: how they are brought
// to 0..100, their weight, whether they break ties. Plain values, pure.
// Source of the semantics: kube-scheduler framework/runtime/framework.go (RunScorePlugins) and
// plugins/helper/normalize_score.go, v1.36.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "placement/cluster_state.h"

namespace stowage::placement {

// How raw values become 0..100 over the feasible nodes.
enum class Normalise : std::uint8_t {
  kNone,         // already 0..100
  kMax,          // 100 * raw / max; all 0 when max is 0
  kMaxReversed,  // 100 - 100 * raw / max; all 100 when max is 0
  kMinMax,       // 100 * (raw - min) / (max - min); all 100 when equal
};

// One raw value on the scale 0..100, given the range of the column over the feasible nodes.
// Truncating; exact for every input (products that do not fit 64 bits are formed wider). Monotone
// in raw, which the index relies on.
std::int64_t normalised(Normalise how, std::int64_t raw, std::int64_t lowest, std::int64_t highest);

struct ScoreColumn {
  Normalise normalise = Normalise::kNone;
  std::int64_t weight = 1;
  // Nodes with equal sums are told apart by this column's raw value, higher first. For scores whose
  // raw values are finer than 100 steps: one far-off node then cannot blur the others. At most the
  // first column that says so counts.
  bool raw_breaks_ties = false;
};

// The position of that column; columns.size() when there is none.
std::size_t tieColumn(std::span<const ScoreColumn> columns);

struct Choice {
  NodeIndex node = kNoNode;   // kNoNode: no node is feasible
  std::int64_t score = 0;     // weighted sum of normalised columns
  std::size_t feasible = 0;   // number of feasible nodes
  std::size_t evaluated = 0;  // nodes looked at anew for this decision (cache misses)
  friend bool operator==(const Choice&, const Choice&) = default;
};

// The smallest and the largest raw value of some nodes; lowest > highest when there are none.
struct ScoreRange {
  std::int64_t lowest = INT64_MAX;
  std::int64_t highest = INT64_MIN;
  void add(std::int64_t value) {
    lowest = value < lowest ? value : lowest;
    highest = value > highest ? value : highest;
  }
  void add(const ScoreRange& other) {
    lowest = other.lowest < lowest ? other.lowest : lowest;
    highest = other.highest > highest ? other.highest : highest;
  }
};

// Weighted sums of nodes, and of groups of nodes, given the ranges over all feasible nodes. Columns
// in which all nodes are equal add the same to each of them and are summed once. Saturating.
class ScoreSums {
 public:
  // `columns` outlive it; one range for each.
  ScoreSums(std::span<const ScoreColumn> columns, std::vector<ScoreRange> ranges);
  // The sum of a node with these raw values, one for each column.
  [[nodiscard]] std::int64_t of(const std::int64_t* raw) const;
  // No node of a group with these ranges has a higher sum.
  [[nodiscard]] std::int64_t bound(const ScoreRange* group) const;

 private:
  __extension__ using Wide = __int128;

  std::span<const ScoreColumn> columns_;
  std::vector<ScoreRange> ranges_;
  std::vector<std::size_t> differing_;
  Wide common_ = 0;
};

// The best so far of nodes that are offered in the order of slots: the highest sum, then the
// highest tie value, then the first.
struct BestNode {
  Choice& choice;
  std::int64_t tie = 0;
  [[nodiscard]] bool beatenBy(std::int64_t score, std::int64_t tie_value) const {
    return choice.node == kNoNode || score > choice.score ||
           (score == choice.score && tie_value > tie);
  }
  void offer(NodeIndex node, std::int64_t score, std::int64_t tie_value) {
    if (!beatenBy(score, tie_value)) return;
    choice.node = node;
    choice.score = score;
    tie = tie_value;
  }
};

}  // namespace stowage::placement
