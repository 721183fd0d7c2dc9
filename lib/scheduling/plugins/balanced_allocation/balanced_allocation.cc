#include "scheduling/plugins/balanced_allocation/balanced_allocation.h"

#include <algorithm>

#include "placement/balanced_allocation/balanced_allocation.h"

namespace stowage::scheduling {

BalancedAllocation::BalancedAllocation(placement::ClusterState& state,
                                       const std::vector<std::string>& resources)
    : state_(state), names_(resources.begin(), resources.end()) {
  for (const Symbol& name : names_) resources_.push_back(state_.acquireDimension(name));
}

BalancedAllocation::~BalancedAllocation() {
  for (const placement::Dimension dim : resources_) state_.releaseDimension(dim);
}

bool BalancedAllocation::applies(const Shape& shape) const {
  return std::any_of(names_.begin(), names_.end(), [&](const Symbol& name) {
    return std::any_of(shape.spec.amounts.begin(), shape.spec.amounts.end(),
                       [&](const auto& amount) { return amount.first == name; });
  });
}

std::int64_t BalancedAllocation::score(const Shape& shape, const NodeView& node) {
  return placement::balancedAllocation(node.state, node.info.index, shape.demand->amounts(),
                                       resources_);
}

}  // namespace stowage::scheduling
