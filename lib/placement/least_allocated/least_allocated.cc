#include "placement/least_allocated/least_allocated.h"

#include <algorithm>

namespace stowage::placement {

std::int64_t leastAllocated(const ClusterState& state, NodeIndex node, const Demand& demand,
                            std::span<const WeightedDimension> resources) {
  return weightedMean(state, node, demand, resources, [](std::int64_t used, std::int64_t whole) {
    return used > whole ? 0 : percentOf(whole - used, whole);
  });
}

}  // namespace stowage::placement
