// NodeResourcesBalancedAllocation as a score plugin. Single-threaded; holds the dimensions of the
// resources that the profile names.
// Source: kube-scheduler plugins/noderesources/balanced_allocation.go, v1.36.3.
#pragma once

#include <string>
#include <vector>

#include "scheduling/plugins/plugin.h"

namespace stowage::scheduling {

class BalancedAllocation final : public ScorePlugin {
 public:
  // `state` outlives the plugin.
  BalancedAllocation(placement::ClusterState& state, const std::vector<std::string>& resources);
  ~BalancedAllocation() override;
  BalancedAllocation(const BalancedAllocation&) = delete;
  BalancedAllocation& operator=(const BalancedAllocation&) = delete;
  [[nodiscard]] std::string_view name() const override { return "NodeResourcesBalancedAllocation"; }
  [[nodiscard]] placement::Normalise normalise() const override {
    return placement::Normalise::kNone;
  }
  // Not to pods that ask for none of the resources: all of them would be drawn to one node.
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] std::int64_t score(const Shape& shape, const NodeView& node) override;

 private:
  placement::ClusterState& state_;
  std::vector<Symbol> names_;
  std::vector<placement::Dimension> resources_;
};

}  // namespace stowage::scheduling
