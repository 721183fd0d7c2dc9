// NodeAffinity: nodeSelector and required node affinity. Stateless.
// Source: kube-scheduler plugins/nodeaffinity, v1.36.3.
#pragma once

#include "scheduling/plugins/plugin.h"

namespace stowage::scheduling {

class NodeAffinity final : public FilterPlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodeAffinity"; }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] placement::Verdict check(const Shape& shape, const NodeView& node,
                                         std::uint8_t rule) const override;
  void reasons(const Shape& shape, const NodeView& node, const placement::Verdict& verdict,
               std::vector<std::string>& out) const override;
  [[nodiscard]] std::uint32_t events() const override;
  [[nodiscard]] bool wakes(const Shape& shape, const ClusterEvent& event) const override;
};

// Sum of the weights of the preferred terms that a node matches.
class NodeAffinityScore final : public ScorePlugin {
 public:
  [[nodiscard]] std::string_view name() const override { return "NodeAffinity"; }
  [[nodiscard]] placement::Normalise normalise() const override {
    return placement::Normalise::kMax;
  }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] std::int64_t score(const Shape& shape, const NodeView& node) override;
};

}  // namespace stowage::scheduling
