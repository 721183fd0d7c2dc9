// BalancedAllocation: whether the pod makes the use of a node's resources more or less
// even. 50..100, 75 for no change, the same integers as kube-scheduler v1.36.3
// (noderesources/balanced_allocation.go). Pure functions.
#pragma once

#include <cstdint>
#include <span>

#include "placement/cluster_state.h"

namespace stowage::placement {

// 50..100: 100 when every fraction is equal. Fractions are 0..1. Double arithmetic in upstream's
// order, as the last bit can decide a truncation.
std::int64_t evenness(std::span<const double> fractions);

// Score of the node with the pod on it. Real requests count, not those with defaults. Extended
// resources count only if the pod asks for them, resources only if the node has them.
std::int64_t balancedAllocation(const ClusterState& state, NodeIndex node, const Demand& demand,
                                std::span<const Dimension> resources);

}  // namespace stowage::placement
