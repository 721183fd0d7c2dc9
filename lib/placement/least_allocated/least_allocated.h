// LeastAllocated: emptier nodes score higher; an over-full resource scores 0. 0..100, the same
// integers as kube-scheduler v1.36.3 (noderesources/least_allocated.go). Pure function.
#pragma once

#include <cstdint>
#include <span>

#include "placement/cluster_state.h"
#include "placement/weighted_fractions.h"

namespace stowage::placement {

// Score of the node with the pod on it. Resources: as the profile's scoring strategy names them.
std::int64_t leastAllocated(const ClusterState& state, NodeIndex node, const Demand& demand,
                            std::span<const WeightedDimension> resources);

}  // namespace stowage::placement
