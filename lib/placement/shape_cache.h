// ShapeCache: verdicts and raw scores per (shape, node), thrown away for exactly the nodes that
// changed. Pods with the same scheduling-relevant fields share a shape, so the next pod of a
// Deployment costs a few nodes, not all. Right only because refresh() equals evaluating every node
// anew; setVerify(true) does both and ends the process on a difference (debug and tests).
// Single-threaded, pure. Memory is bounded: shapes beyond `max_shapes` evict the least recently
// used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "placement/cluster_state.h"
#include "placement/verdict.h"

namespace stowage::placement {

using ShapeId = std::uint32_t;

// How raw values become 0..100 over the feasible nodes. Source: kube-scheduler
// helper/normalize_score.go.
enum class Normalise : std::uint8_t {
  kNone,         // already 0..100
  kMax,          // 100 * raw / max; all 0 when max is 0
  kMaxReversed,  // 100 - 100 * raw / max; all 100 when max is 0
  kMinMax,       // 100 * (raw - min) / (max - min); all 100 when equal
};

struct ScoreColumn {
  Normalise normalise = Normalise::kNone;
  std::int64_t weight = 1;
};

// What the cache asks about one node; implemented by the owner of the rules (scheduling).
class NodeRules {
 public:
  virtual ~NodeRules() = default;
  // The full verdict of all filters. Must depend on nothing but the shape and that node's state.
  virtual Verdict check(ShapeId shape, NodeIndex node) = 0;
  // Raw value for each column; called for feasible nodes only.
  virtual void score(ShapeId shape, NodeIndex node, std::span<std::int64_t> raw) = 0;
};

struct Choice {
  NodeIndex node = kNoNode;   // kNoNode: no node is feasible
  std::int64_t score = 0;     // weighted sum of normalised columns
  std::size_t feasible = 0;   // number of feasible nodes
  std::size_t evaluated = 0;  // nodes looked at anew for this decision (cache misses)
};

class ShapeCache {
 public:
  ShapeCache(const ClusterState& state, NodeRules& rules, std::vector<ScoreColumn> columns,
             std::size_t max_shapes);

  // Forgets everything cached for a shape (its rules changed, or it is gone).
  void forget(ShapeId shape);
  // Forgets all scores of all shapes (a term that all nodes share changed); verdicts stay.
  void forgetScores();

  // Brings the shape up to date and picks the best feasible node: highest weighted sum, ties to
  // the lowest slot. Amortised cost: nodes changed since the shape's last use + one linear pass.
  Choice choose(ShapeId shape);
  // The verdict of every slot (absent nodes included, as kFits: look at present()), up to date.
  std::span<const Verdict> verdicts(ShapeId shape);
  // Brings up to date and returns one node's verdict.
  Verdict verdict(ShapeId shape, NodeIndex node);

  void setVerify(bool verify) { verify_ = verify; }

 private:
  struct Entry;
  Entry& refresh(ShapeId shape, std::size_t& evaluated);

  const ClusterState& state_;
  NodeRules& rules_;
  const std::vector<ScoreColumn> columns_;
  const std::size_t max_shapes_;
  bool verify_ = false;
};

}  // namespace stowage::placement
