// The score side of NodeResourcesFit: LeastAllocated, MostAllocated or RequestedToCapacityRatio
// over the resources that the profile names. Single-threaded; holds the dimensions of those
// resources. Source: kube-scheduler plugins/noderesources, v1.36.3.
#pragma once

#include <vector>

#include "placement/requested_to_capacity_ratio/requested_to_capacity_ratio.h"
#include "placement/weighted_fractions.h"
#include "scheduling/plugins/plugin.h"
#include "scheduling/profile.h"

namespace stowage::scheduling {

class FitScore final : public ScorePlugin {
 public:
  // `state` outlives the plugin.
  FitScore(placement::ClusterState& state, const FitScoring& scoring);
  ~FitScore() override;
  FitScore(const FitScore&) = delete;
  FitScore& operator=(const FitScore&) = delete;
  [[nodiscard]] std::string_view name() const override { return "NodeResourcesFit"; }
  [[nodiscard]] placement::Normalise normalise() const override {
    return placement::Normalise::kNone;
  }
  [[nodiscard]] bool applies(const Shape&) const override { return true; }
  [[nodiscard]] std::int64_t score(const Shape& shape, const NodeView& node) override;

 private:
  placement::ClusterState& state_;
  const FitScoring::Type type_;
  std::vector<placement::WeightedDimension> resources_;
  std::vector<placement::CurvePoint> curve_;
};

}  // namespace stowage::scheduling
