// NodeUnschedulable: cordoned nodes take only pods that tolerate it. Stateless.
// Source: kube-scheduler plugins/nodeunschedulable, v1.36.3.
#pragma once

#include "scheduling/plugins/plugin.h"

namespace stowage::scheduling {

class NodeUnschedulable final : public FilterPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodeUnschedulable"; }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] placement::Verdict check(const Shape& shape, const NodeView& node,
                                         std::uint8_t rule) const override;
  void reasons(const Shape& shape, const NodeView& node, const placement::Verdict& verdict,
               std::vector<std::string>& out) const override;
  [[nodiscard]] std::uint32_t events() const override;
  [[nodiscard]] bool wakes(const Shape& shape, const ClusterEvent& event) const override;
};

}  // namespace stowage::scheduling
