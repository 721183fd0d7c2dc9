// ScoreIndex: the raw scores of the feasible nodes for one shape, and the best of them. Nodes are
// summarised in blocks, and blocks in groups, so that a choice reads the groups and only those
// blocks and nodes that can still win; a change costs its own block and group. A choice among
// 15,000 nodes then costs little more than one among 1,000. Single-threaded, pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "placement/cluster_state.h"
#include "placement/score_columns.h"

namespace stowage::placement {

class ScoreIndex {
 public:
  // `columns` outlive the index.
  explicit ScoreIndex(std::span<const ScoreColumn> columns)
      : columns_(columns), tie_column_(tieColumn(columns)) {}

  // Slots that are new hold no feasible node.
  void resize(std::size_t slots);
  [[nodiscard]] std::size_t slots() const { return feasible_.size(); }

  [[nodiscard]] bool feasible(NodeIndex node) const { return feasible_[node] != 0; }
  // The raw values of a feasible node, one for each column.
  [[nodiscard]] std::span<const std::int64_t> raw(NodeIndex node) const {
    return {raw_.data() + node * columns_.size(), columns_.size()};
  }

  // After one of these, summarise() must be called before the next choice.
  void setFeasible(NodeIndex node, bool feasible);
  std::span<std::int64_t> change(NodeIndex node);
  void summarise();

  // The best feasible node: highest weighted sum, then the raw value of the tie column, then the
  // lowest slot.
  [[nodiscard]] Choice best() const;
  // As best(), but among `candidates` only: feasible nodes in the order of slots. `extra` is added
  // to their sums (same length, or empty). Costs a pass over the candidates.
  [[nodiscard]] Choice bestAmong(std::span<const NodeIndex> candidates,
                                 std::span<const std::int64_t> extra) const;
  // Replaces `out` by the feasible nodes in the order of slots.
  void list(std::vector<NodeIndex>& out) const;

 private:
  // Some nodes taken together.
  struct Level {
    std::vector<std::uint32_t> counts;  // feasible nodes
    std::vector<ScoreRange> ranges;     // [part][column], over these
    std::vector<std::uint8_t> stale;
    std::vector<std::size_t> stale_list;
    void resize(std::size_t parts, std::size_t width);
    void touch(std::size_t part);
    void clear(std::size_t part, std::size_t width);
  };
  void summariseBlock(std::size_t block);
  void summariseGroup(std::size_t group);
  [[nodiscard]] bool mayWin(const Level& level, std::size_t part, const ScoreSums& sums,
                            const BestNode& best) const;
  void searchGroup(std::size_t group, const ScoreSums& sums, BestNode& best) const;
  void searchBlock(std::size_t block, const ScoreSums& sums, BestNode& best) const;
  [[nodiscard]] std::int64_t tieValue(const std::int64_t* raw) const {
    return tie_column_ < columns_.size() ? raw[tie_column_] : 0;
  }

  std::span<const ScoreColumn> columns_;
  std::size_t tie_column_;
  std::vector<std::int64_t> raw_;       // [slot][column]; meaningful for feasible nodes
  std::vector<std::uint8_t> feasible_;  // [slot]
  Level blocks_;
  Level groups_;
};

}  // namespace stowage::placement
