#include "scheduling/plugins/node_resources_fit/fit_score.h"

#include "placement/least_allocated/least_allocated.h"
#include "placement/most_allocated/most_allocated.h"

namespace stowage::scheduling {
namespace {

// The profile draws its curve from 0 to 10 (upstream: MaxCustomPriorityScore).
constexpr std::int64_t kCurveScale = 10;

}  // namespace

FitScore::FitScore(placement::ClusterState& state, const FitScoring& scoring)
    : state_(state), type_(scoring.type) {
  for (const ResourceWeight& resource : scoring.resources) {
    resources_.push_back({state_.acquireDimension(Symbol(resource.name)), resource.weight});
  }
  for (const ShapePoint& point : scoring.shape) {
    curve_.push_back({point.utilization, point.score * kCurveScale});
  }
}

FitScore::~FitScore() {
  for (const auto& resource : resources_) state_.releaseDimension(resource.dim);
}

std::int64_t FitScore::score(const Shape& shape, const NodeView& node) {
  // Upstream's scores of this plugin do not see pod-level requests of the pod to place.
  const auto& demand = shape.score_demand->amounts();
  const placement::NodeIndex index = node.info.index;
  switch (type_) {
    case FitScoring::Type::kMostAllocated:
      return placement::mostAllocated(node.state, index, demand, resources_);
    case FitScoring::Type::kRequestedToCapacityRatio:
      return placement::requestedToCapacityRatio(node.state, index, demand, resources_, curve_);
    case FitScoring::Type::kLeastAllocated:
      break;
  }
  return placement::leastAllocated(node.state, index, demand, resources_);
}

}  // namespace stowage::scheduling
