// Plugin contracts: a filter says whether a shape may go on a node, a score says how well. Both are
// asked by the scheduling thread only, must depend on nothing but the shape and that node's state
// (verdicts are cached), must not throw and must not allocate on the path that says yes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kubeapi/pod.h"
#include "placement/shape_cache.h"
#include "placement/verdict.h"
#include "scheduling/queue/cluster_event.h"
#include "scheduling/shapes/shape.h"

namespace stowage::scheduling {

// A pod that cannot be placed whatever the nodes are like, e.g. because its claim is missing.
struct PreFilterRejection {
  bool unresolvable = true;  // false: removing pods may help
  std::string message;
};

class FilterPlugin {
 public:
  virtual ~FilterPlugin() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // False when this shape can never be rejected here; check() is then not called (upstream: Skip).
  [[nodiscard]] virtual bool applies(const Shape& shape) const = 0;
  // Asked before any node is looked at. A rejection that is not unresolvable lets the filters
  // behind it have their say first, as upstream's PreFilter does.
  [[nodiscard]] virtual std::optional<PreFilterRejection> preFilter(const kubeapi::Pod& /*pod*/,
                                                                    const Shape& /*shape*/) const {
    return std::nullopt;
  }
  // When this number changes for a shape, every verdict given for it is void: for filters that read
  // objects which are not nodes. Must be cheap.
  [[nodiscard]] virtual std::uint64_t epoch(const Shape& /*shape*/) const { return 0; }
  [[nodiscard]] virtual placement::Verdict check(const Shape& shape, const NodeView& node,
                                                 std::uint8_t rule) const = 0;
  // The reasons behind a verdict of check(), as kube-scheduler words them. May be asked without a
  // node state change in between only.
  virtual void reasons(const Shape& shape, const NodeView& node, const placement::Verdict& verdict,
                       std::vector<std::string>& out) const = 0;
  // The EventKind bits that wakes() wants to be asked about.
  [[nodiscard]] virtual std::uint32_t events() const = 0;
  // Whether a pod that this filter rejected may fit after the event (upstream: queueing hint).
  [[nodiscard]] virtual bool wakes(const Shape& shape, const ClusterEvent& event) const = 0;
};

class ScorePlugin {
 public:
  virtual ~ScorePlugin() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual placement::Normalise normalise() const = 0;
  [[nodiscard]] virtual bool applies(const Shape& shape) const = 0;
  // Raw value on a feasible node; 0 is used where applies() is false.
  [[nodiscard]] virtual std::int64_t score(const Shape& shape, const NodeView& node) = 0;
  // Raw values tell nodes apart whose weighted sums are equal (placement::ScoreColumn).
  [[nodiscard]] virtual bool rawBreaksTies() const { return false; }
  // A pod of this shape is tried for the first time.
  virtual void arrived(const Shape&) {}
  // Asked before each decision: true when all scores given so far are void.
  virtual bool renewed() { return false; }
  // When this number changes for a shape, every score given for it is void: for scores that read
  // more than the node. 0: never. Must be cheap.
  [[nodiscard]] virtual std::uint64_t epoch(const Shape& /*shape*/) const { return 0; }
};

// The verdict "no" of a filter with one reason.
inline placement::Verdict rejected(std::uint8_t rule, placement::Fit fit) {
  return {.reasons = 0, .rule = rule, .fit = fit};
}

}  // namespace stowage::scheduling
