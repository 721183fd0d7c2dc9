#include "placement/requested_to_capacity_ratio/requested_to_capacity_ratio.h"

#include <algorithm>

namespace stowage::placement {

std::int64_t heightAt(std::span<const CurvePoint> curve, std::int64_t utilization) {
  const auto to = std::find_if(curve.begin(), curve.end(), [&](const CurvePoint& point) {
    return utilization <= point.utilization;
  });
  if (to == curve.end()) return curve.empty() ? 0 : curve.back().score;
  if (to == curve.begin()) return to->score;
  const auto from = std::prev(to);
  const std::int64_t rise = (to->score - from->score) * (utilization - from->utilization);
  return from->score + rise / (to->utilization - from->utilization);
}

std::int64_t requestedToCapacityRatio(const ClusterState& state, NodeIndex node,
                                      const Demand& demand,
                                      std::span<const WeightedDimension> resources,
                                      std::span<const CurvePoint> curve) {
  std::int64_t sum = 0;
  std::int64_t weights = 0;
  forEachCounted(
      state, node, demand, resources, [&](Dimension dim, std::int64_t weight, std::int64_t whole) {
        const std::int64_t used = usedWith(state, node, demand, dim);
        const std::int64_t height = heightAt(curve, percentOf(std::min(used, whole), whole));
        if (height <= 0) return;
        sum += height * weight;
        weights += weight;
      });
  // To the nearest, halves up. Upstream rounds a quotient of doubles: the same for sums below 2^53.
  return weights == 0 ? 0 : (2 * sum + weights) / (2 * weights);
}

}  // namespace stowage::placement
