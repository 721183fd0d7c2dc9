// Peer plugins: filters and scores whose answer for a node depends on pods of other nodes (affinity
// between pods, spreading). They are prepared once per attempt and then asked per node; nothing of
// that is cached, so preparing and asking must be cheap: passes over flat arrays, never over pods.
// Asked by the scheduling thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "placement/cluster_state.h"
#include "placement/verdict.h"
#include "scheduling/queue/cluster_event.h"
#include "scheduling/shapes/shape.h"

namespace stowage::scheduling {

class PeerFilter {
 public:
  virtual ~PeerFilter() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Gets ready for check(), until the next prepare() or change of the cluster. False when this pod
  // cannot be rejected here (upstream: Skip); check() is then not called.
  virtual bool prepare(const kubeapi::Pod& pod, const Shape& shape) = 0;
  [[nodiscard]] virtual placement::Verdict check(placement::NodeIndex node,
                                                 std::uint8_t rule) const = 0;
  // The reason behind a verdict of check(), as kube-scheduler words it. Its `reasons` alone decide
  // the text, so that nodes that fail alike are worded once.
  [[nodiscard]] virtual std::string_view reason(const placement::Verdict& verdict) const = 0;
  // The EventKind bits that wakes() wants to be asked about.
  [[nodiscard]] virtual std::uint32_t events() const = 0;
  // Whether a waiting pod that this filter rejected may fit after the event (queueing hint).
  [[nodiscard]] virtual bool wakes(const kubeapi::Pod& pod, const ClusterEvent& event) const = 0;
};

class PeerScore {
 public:
  virtual ~PeerScore() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Gets ready for score(). False when all nodes are alike for this pod (upstream: Skip).
  virtual bool prepare(const kubeapi::Pod& pod, const Shape& shape) = 0;
  // Raw value of each feasible node.
  virtual void score(std::span<const placement::NodeIndex> feasible,
                     std::span<std::int64_t> raw) = 0;
  // Turns the raw values that score() gave for the same nodes into 0..100.
  virtual void normalise(std::span<const placement::NodeIndex> feasible,
                         std::span<std::int64_t> values) = 0;
};

}  // namespace stowage::scheduling
