// NodeDeclaredFeatures: pods that need a feature of the kubelet go only on nodes that declare it.
// Stateless. Source: kube-scheduler plugins/nodedeclaredfeatures, v1.36.3.
#pragma once

#include "scheduling/plugins/plugin.h"

namespace stowage::scheduling {

class NodeDeclaredFeatures final : public FilterPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodeDeclaredFeatures"; }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] placement::Verdict check(const Shape& shape, const NodeView& node,
                                         std::uint8_t rule) const override;
  void reasons(const Shape& shape, const NodeView& node, const placement::Verdict& verdict,
               std::vector<std::string>& out) const override;
  [[nodiscard]] std::uint32_t events() const override;
  [[nodiscard]] bool wakes(const Shape& shape, const ClusterEvent& event) const override;
};

}  // namespace stowage::scheduling
