#include "placement/most_allocated/most_allocated.h"

#include <algorithm>

namespace stowage::placement {

std::int64_t mostAllocated(const ClusterState& state, NodeIndex node, const Demand& demand,
                           std::span<const WeightedDimension> resources) {
  return weightedMean(state, node, demand, resources, [](std::int64_t used, std::int64_t whole) {
    return percentOf(std::min(used, whole), whole);
  });
}

}  // namespace stowage::placement
