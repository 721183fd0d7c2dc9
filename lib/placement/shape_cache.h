// ShapeCache: verdicts and raw scores per (shape, node), thrown away for exactly the nodes that
// changed. Pods with the same scheduling-relevant fields share a shape, so the next pod of a
// Deployment costs a few nodes, not all. Right only because refresh() equals evaluating every node
// anew; setVerify(true) does both and ends the process on a difference (debug and tests).
// Single-threaded, pure. Memory is bounded: shapes beyond `max_shapes` evict the least recently
// used. The choice among cached scores is ScoreIndex's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "placement/cluster_state.h"
#include "placement/score_columns.h"
#include "placement/verdict.h"

namespace stowage::placement {

using ShapeId = std::uint32_t;

// What the cache asks about one node; implemented by the owner of the rules (scheduling).
class NodeRules {
 public:
  virtual ~NodeRules() = default;
  // The full verdict of all filters. Must depend on nothing but the shape and that node's state.
  virtual Verdict check(ShapeId shape, NodeIndex node) = 0;
  // All verdicts that one call of the cache needed are known; scores come next.
  virtual void checked() {}
  // Raw value for each column; called for feasible nodes only.
  virtual void score(ShapeId shape, NodeIndex node, std::span<std::int64_t> raw) = 0;
};

// The definition of a choice: every node checked and scored anew, in order. The cache equals it.
Choice chooseNaively(const ClusterState& state, NodeRules& rules,
                     std::span<const ScoreColumn> columns, ShapeId shape);

class ShapeCache {
 public:
  // `state` and `rules` outlive the cache. `max_shapes` below 1 counts as 1.
  ShapeCache(const ClusterState& state, NodeRules& rules, std::vector<ScoreColumn> columns,
             std::size_t max_shapes);
  ~ShapeCache();
  ShapeCache(const ShapeCache&) = delete;
  ShapeCache& operator=(const ShapeCache&) = delete;

  // Forgets everything cached for a shape (its rules changed, or it is gone).
  void forget(ShapeId shape);
  // Forgets all scores of all shapes (a term that all nodes share changed); verdicts stay.
  void forgetScores() { ++score_epoch_; }
  // Forgets the scores of one shape; its verdicts stay.
  void forgetScores(ShapeId shape);

  // Brings the shape up to date and picks the best feasible node: highest weighted sum, then the
  // raw value of the tie column, then the lowest slot. Amortised cost: nodes changed since the
  // shape's last use + the index's search.
  Choice choose(ShapeId shape);
  // Replaces `out` by the nodes that are feasible by the cached verdicts, in the order of slots.
  void feasible(ShapeId shape, std::vector<NodeIndex>& out);
  // As choose(), but among `candidates` only: feasible nodes in the order of slots. `extra` is
  // added to their sums (same length, or empty). For rules that no cache per node can hold; costs a
  // pass over the candidates.
  Choice chooseAmong(ShapeId shape, std::span<const NodeIndex> candidates,
                     std::span<const std::int64_t> extra);
  // The verdict of every slot (absent nodes included, as kFits: look at present()), up to date.
  // Valid until the next call.
  std::span<const Verdict> verdicts(ShapeId shape);
  // Brings up to date and returns one node's verdict.
  Verdict verdict(ShapeId shape, NodeIndex node);

  void setVerify(bool verify) { verify_ = verify; }
  // Shapes held, for the memory metric and for tests.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry;

  Entry& entryOf(ShapeId shape);
  void evictLeastRecentlyUsed();
  // Verdicts and scores of the shape as of now; `evaluated` is set to the nodes looked at.
  Entry& refresh(ShapeId shape, std::size_t& evaluated);
  void check(ShapeId shape, Entry& entry, NodeIndex node);
  void score(ShapeId shape, Entry& entry, NodeIndex node);
  void rescoreOthers(ShapeId shape, Entry& entry, std::size_t& evaluated);
  void collectChanged(Entry& entry);
  void verifyEntry(ShapeId shape, const Entry& entry);

  const ClusterState& state_;
  NodeRules& rules_;
  const std::vector<ScoreColumn> columns_;
  const std::size_t max_shapes_;
  bool verify_ = false;
  std::uint64_t score_epoch_ = 0;
  std::uint64_t uses_ = 0;
  std::unordered_map<ShapeId, std::unique_ptr<Entry>> entries_;
  std::vector<NodeIndex> changed_;        // scratch of refresh()
  std::vector<std::int64_t> raw_;         // scratch of verifyEntry()
  std::vector<std::uint64_t> node_mark_;  // scratch: last refresh that saw the slot
  std::uint64_t mark_ = 0;
};

}  // namespace stowage::placement
