#include "placement/weighted_fractions.h"

namespace stowage::placement {

std::int64_t amountOf(const Demand& demand, Dimension dim) {
  const auto found = std::lower_bound(demand.amounts.begin(), demand.amounts.end(), dim,
                                      [](const Amount& a, Dimension d) { return a.dim < d; });
  return found != demand.amounts.end() && found->dim == dim ? found->value : 0;
}

std::int64_t usedWith(const ClusterState& state, NodeIndex node, const Demand& demand,
                      Dimension dim) {
  std::int64_t used = 0;
  std::int64_t asked = 0;
  if (dim == kCpu) {
    used = state.nonZeroCpu(node);
    asked = demand.non_zero_cpu;
  } else if (dim == kMemory) {
    used = state.nonZeroMemory(node);
    asked = demand.non_zero_memory;
  } else {
    used = state.requested(dim, node);
    asked = amountOf(demand, dim);
  }
  return saturatedSum(used, std::max<std::int64_t>(asked, 0));
}

}  // namespace stowage::placement
