// The frame that MostAllocated, LeastAllocated and RequestedToCapacityRatio share: one score per
// resource, weighted mean, integer arithmetic. Pure functions over ClusterState.
// Source: kube-scheduler noderesources/{resource_allocation,most_allocated,least_allocated}.go,
// v1.36.3.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

#include "placement/cluster_state.h"

namespace stowage::placement {

// A resource that a scoring strategy names, and how much it counts (1..100).
struct WeightedDimension {
  Dimension dim = kCpu;
  std::int64_t weight = 1;
};

// What would be used of a dimension with the pod on the node: for cpu and memory with upstream's
// defaults for containers that ask for none, for others as asked. Saturates.
std::int64_t usedWith(const ClusterState& state, NodeIndex node, const Demand& demand,
                      Dimension dim);

// Amount of one dimension in a demand; 0 when absent.
std::int64_t amountOf(const Demand& demand, Dimension dim);

// Sum of two amounts that are not negative; stops at the largest.
inline std::int64_t saturatedSum(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return a > kMost - b ? kMost : a + b;
}

// Product of two amounts that are not negative; stops at the largest.
inline std::int64_t saturatedProduct(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max()
                                                : product;
}

// floor(100 * part / whole) for 0 <= part <= whole, whole > 0. Upstream's 64-bit product wraps for
// amounts above 9.2e16 (92 PB); this one does not.
inline std::int64_t percentOf(std::int64_t part, std::int64_t whole) {
  __extension__ using Wide = __int128;
  if (part <= std::numeric_limits<std::int64_t>::max() / 100) return part * 100 / whole;
  return static_cast<std::int64_t>(Wide{part} * 100 / whole);
}

// Calls each(dimension, weight, allocatable) for the resources that count: those the node has, and
// extended ones only if the pod asks for them.
template <typename Each>
void forEachCounted(const ClusterState& state, NodeIndex node, const Demand& demand,
                    std::span<const WeightedDimension> resources, const Each& each) {
  for (const auto& [dim, weight] : resources) {
    if (dim == kPods) continue;  // upstream finds no such resource in its table
    if (dim >= kFirstScalar && amountOf(demand, dim) == 0) continue;
    const std::int64_t allocatable = state.allocatable(dim, node);
    if (allocatable != 0) each(dim, weight, allocatable);
  }
}

// Weighted mean of score(used, allocatable) over the resources that count. 0 when none does.
template <typename Score>
std::int64_t weightedMean(const ClusterState& state, NodeIndex node, const Demand& demand,
                          std::span<const WeightedDimension> resources, const Score& score) {
  std::int64_t sum = 0;
  std::int64_t weights = 0;
  forEachCounted(state, node, demand, resources,
                 [&](Dimension dim, std::int64_t weight, std::int64_t allocatable) {
                   sum += weight * score(usedWith(state, node, demand, dim), allocatable);
                   weights += weight;
                 });
  return weights == 0 ? 0 : sum / weights;
}

}  // namespace stowage::placement
