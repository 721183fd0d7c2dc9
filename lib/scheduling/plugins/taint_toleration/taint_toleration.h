// TaintToleration: NoSchedule and NoExecute taints keep pods away. Stateless.
// Source: kube-scheduler plugins/tainttoleration, v1.36.3.
#pragma once

#include "scheduling/plugins/plugin.h"

namespace stowage::scheduling {

class TaintToleration final : public FilterPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "TaintToleration"; }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] placement::Verdict check(const Shape& shape, const NodeView& node,
                                         std::uint8_t rule) const override;
  void reasons(const Shape& shape, const NodeView& node, const placement::Verdict& verdict,
               std::vector<std::string>& out) const override;
  [[nodiscard]] std::uint32_t events() const override;
  [[nodiscard]] bool wakes(const Shape& shape, const ClusterEvent& event) const override;
};

// Fewer PreferNoSchedule taints that are not tolerated are better.
class TaintTolerationScore final : public ScorePlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "TaintToleration"; }
  [[nodiscard]] placement::Normalise normalise() const override {
    return placement::Normalise::kMaxReversed;
  }
  [[nodiscard]] bool applies(const Shape&) const override { return true; }
  [[nodiscard]] std::int64_t score(const Shape& shape, const NodeView& node) override;
};

}  // namespace stowage::scheduling
