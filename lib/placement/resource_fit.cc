#include "placement/resource_fit.h"

#include <algorithm>
#include <limits>

namespace stowage::placement {
namespace {

constexpr Dimension kLastOwnBit = 62;

std::uint64_t reasonBit(Dimension dim) {
  return std::uint64_t{1} << (dim <= kLastOwnBit ? dim : kLastOwnBit + 1);
}

template <typename Free>
Verdict fitInto(const ClusterState& state, NodeIndex node, const Demand& demand, std::uint8_t rule,
                const Free& free) {
  std::uint64_t reasons = 0;
  bool beyond_allocatable = false;
  // Upstream counts the pod limit as resolvable whatever the limit is.
  if (free(kPods) < 1) reasons |= reasonBit(kPods);
  for (const Amount& amount : demand.amounts) {
    if (amount.value <= free(amount.dim) || amount.value <= 0) continue;
    reasons |= reasonBit(amount.dim);
    beyond_allocatable |= amount.value > state.allocatable(amount.dim, node);
  }
  if (reasons == 0) return Verdict{};
  return Verdict{.reasons = reasons,
                 .rule = rule,
                 .fit = beyond_allocatable ? Fit::kUnresolvable : Fit::kUnschedulable};
}

}  // namespace

Verdict resourceFit(const ClusterState& state, NodeIndex node, const Demand& demand,
                    std::uint8_t rule) {
  return fitInto(state, node, demand, rule, [&](Dimension dim) { return state.free(dim, node); });
}

Verdict resourceFitIfFreed(const ClusterState& state, NodeIndex node, const Demand& demand,
                           std::uint8_t rule, std::span<const Amount> freed) {
  return fitInto(state, node, demand, rule, [&](Dimension dim) {
    std::int64_t free = state.free(dim, node);
    for (const Amount& amount : freed) {
      // Sums of requests saturate: so does what is free without them.
      if (amount.dim == dim && __builtin_add_overflow(free, amount.value, &free)) {
        free = std::numeric_limits<std::int64_t>::max();
      }
    }
    return free;
  });
}

}  // namespace stowage::placement
