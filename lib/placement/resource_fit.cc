#include "placement/resource_fit.h"

#include <algorithm>

namespace stowage::placement {
namespace {

constexpr Dimension kLastOwnBit = 62;

std::uint64_t reasonBit(Dimension dim) {
  return std::uint64_t{1} << (dim <= kLastOwnBit ? dim : kLastOwnBit + 1);
}

}  // namespace

Verdict resourceFit(const ClusterState& state, NodeIndex node, const Demand& demand,
                    std::uint8_t rule) {
  std::uint64_t reasons = 0;
  bool beyond_allocatable = false;
  // Upstream counts the pod limit as resolvable whatever the limit is.
  if (state.free(kPods, node) < 1) reasons |= reasonBit(kPods);
  for (const Amount& amount : demand.amounts) {
    if (amount.value <= state.free(amount.dim, node) || amount.value <= 0) continue;
    reasons |= reasonBit(amount.dim);
    beyond_allocatable |= amount.value > state.allocatable(amount.dim, node);
  }
  if (reasons == 0) return Verdict{};
  return Verdict{.reasons = reasons,
                 .rule = rule,
                 .fit = beyond_allocatable ? Fit::kUnresolvable : Fit::kUnschedulable};
}

}  // namespace stowage::placement
