// RequestedToCapacityRatio: a curve drawn by the profile says how good each utilisation is. 0..100,
// the same integers as kube-scheduler v1.36.3 (noderesources/requested_to_capacity_ratio.go and
// helper/shape_score.go). Pure functions.
#pragma once

#include <cstdint>
#include <span>

#include "placement/cluster_state.h"
#include "placement/weighted_fractions.h"

namespace stowage::placement {

// Where two straight pieces of the curve meet.
struct CurvePoint {
  std::int64_t utilization = 0;  // percent, strictly rising from point to point
  std::int64_t score = 0;        // 0..100
};

// Height of the curve: level before the first and after the last point, and between two points on
// the line that joins them, truncated. 0 without points.
std::int64_t heightAt(std::span<const CurvePoint> curve, std::int64_t utilization);

// Score of the node with the pod on it. A resource whose height is 0 counts on neither side of the
// mean, which is rounded to the nearest integer.
std::int64_t requestedToCapacityRatio(const ClusterState& state, NodeIndex node,
                                      const Demand& demand,
                                      std::span<const WeightedDimension> resources,
                                      std::span<const CurvePoint> curve);

}  // namespace stowage::placement
