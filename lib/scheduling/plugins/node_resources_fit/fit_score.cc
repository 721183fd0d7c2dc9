#include "scheduling/plugins/node_resources_fit/fit_score.h"

#include "placement/least_allocated/least_allocated.h"
#include "placement/most_allocated/most_allocated.h"

namespace stowage::scheduling {

FitScore::FitScore(placement::ClusterState& state, const FitScoring& scoring)
    : state_(state), most_(scoring.type == FitScoring::Type::kMostAllocated) {
  for (const ResourceWeight& resource : scoring.resources) {
    resources_.push_back({state_.acquireDimension(Symbol(resource.name)), resource.weight});
  }
}

FitScore::~FitScore() {
  for (const auto& resource : resources_) state_.releaseDimension(resource.dim);
}

std::int64_t FitScore::score(const Shape& shape, const NodeView& node) {
  const auto& demand = shape.demand->amounts();
  return most_ ? placement::mostAllocated(node.state, node.info.index, demand, resources_)
               : placement::leastAllocated(node.state, node.info.index, demand, resources_);
}

}  // namespace stowage::scheduling
