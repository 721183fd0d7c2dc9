// NodeAffinity: nodeSelector and node affinity of the pod, and the affinity that a profile adds to
// all of its pods (NodeAffinityArgs.addedAffinity). Immutable.
// Source: kube-scheduler plugins/nodeaffinity, v1.36.3.
#pragma once

#include <vector>

#include "scheduling/plugins/node_affinity/required_nodes.h"
#include "scheduling/plugins/plugin.h"
#include "scheduling/profile.h"

namespace stowage::scheduling {

class NodeAffinity final : public FilterPlugin {
 public:
  explicit NodeAffinity(const AddedNodeAffinity& added) : added_({}, added.required) {}
  [[nodiscard]] std::string_view name() const override { return "NodeAffinity"; }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] placement::Verdict check(const Shape& shape, const NodeView& node,
                                         std::uint8_t rule) const override;
  void reasons(const Shape& shape, const NodeView& node, const placement::Verdict& verdict,
               std::vector<std::string>& out) const override;
  [[nodiscard]] std::uint32_t events() const override;
  [[nodiscard]] bool wakes(const Shape& shape, const ClusterEvent& event) const override;

 private:
  const RequiredNodes added_;
};

// Sum of the weights of the preferred terms that a node matches, the profile's and the pod's.
class NodeAffinityScore final : public ScorePlugin {
 public:
  explicit NodeAffinityScore(const AddedNodeAffinity& added) : added_(added.preferred) {}
  [[nodiscard]] std::string_view name() const override { return "NodeAffinity"; }
  [[nodiscard]] placement::Normalise normalise() const override {
    return placement::Normalise::kMax;
  }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] std::int64_t score(const Shape& shape, const NodeView& node) override;

 private:
  const std::vector<kubeapi::PreferredNodeTerm> added_;
};

}  // namespace stowage::scheduling
