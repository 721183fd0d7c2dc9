// PodTopologySpread: keeps the pods that a selector names even over the domains of a topology key.
// Filter (DoNotSchedule) and score (ScheduleAnyway). Single-threaded; refers to the ClusterCache's
// PeerIndex, which outlives it. Source of the semantics and texts: kube-scheduler
// plugins/podtopologyspread/{filtering,scoring,plugin}.go, v1.36.3.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "scheduling/peers/peer_index.h"
#include "scheduling/plugins/peer_plugin.h"
#include "scheduling/plugins/pod_topology_spread/spread_constraints.h"

namespace stowage::scheduling {

// The nodes whose pods count, for the constraints of one pod.
class SpreadNodes {
 public:
  explicit SpreadNodes(PeerIndex& peers) : peers_(peers) {}
  // With `all_keys` only nodes that have the keys of all constraints count, else all nodes.
  void prepare(const std::vector<SpreadConstraint>& constraints, bool all_keys);
  [[nodiscard]] const KeyDomains* domains(std::size_t constraint) const {
    return domains_[constraint];
  }
  // Whether the node takes part at all.
  [[nodiscard]] bool takesPart(placement::NodeIndex node) const { return keyed_[node] != 0; }
  // By slot: 1 when the node's pods count for that constraint.
  const std::vector<std::uint8_t>& counting(const SpreadConstraint& constraint, const Shape& shape);

 private:
  PeerIndex& peers_;
  NodePolicies policies_;
  std::vector<const KeyDomains*> domains_;  // null: no node has the key
  std::vector<std::uint8_t> keyed_;
  std::vector<std::uint8_t> counting_;
};

class PodTopologySpread final : public PeerFilter {
 public:
  PodTopologySpread(PeerIndex& peers, SpreadRules rules)
      : peers_(peers), rules_(std::move(rules)), nodes_(peers) {}

  [[nodiscard]] std::string_view name() const override { return "PodTopologySpread"; }
  bool prepare(const kubeapi::Pod& pod, const Shape& shape) override;
  [[nodiscard]] placement::Verdict check(placement::NodeIndex node,
                                         std::uint8_t rule) const override;
  [[nodiscard]] std::string_view reason(const placement::Verdict& verdict) const override;
  [[nodiscard]] std::uint32_t events() const override;
  [[nodiscard]] bool wakes(const kubeapi::Pod& pod, const ClusterEvent& event) const override;

 private:
  struct Gate {
    const KeyDomains* domains = nullptr;
    std::vector<std::uint8_t> closed;  // by domain: one more pod would exceed maxSkew
  };
  void prepareGate(const SpreadConstraint& constraint, const Shape& shape, Gate& gate);

  PeerIndex& peers_;
  const SpreadRules rules_;
  SpreadNodes nodes_;
  std::vector<Gate> gates_;
  std::size_t used_ = 0;
  std::vector<std::int64_t> counts_;    // scratch, by domain
  std::vector<std::uint8_t> eligible_;  // scratch, by domain
};

class PodTopologySpreadScore final : public PeerScore {
 public:
  PodTopologySpreadScore(PeerIndex& peers, SpreadRules rules)
      : peers_(peers), rules_(std::move(rules)), nodes_(peers) {}

  [[nodiscard]] std::string_view name() const override { return "PodTopologySpread"; }
  bool prepare(const kubeapi::Pod& pod, const Shape& shape) override;
  void score(std::span<const placement::NodeIndex> feasible, std::span<std::int64_t> raw) override;
  void normalise(std::span<const placement::NodeIndex> feasible,
                 std::span<std::int64_t> values) override;

 private:
  void addHost(std::size_t index, std::span<const placement::NodeIndex> feasible);
  void addDomains(std::size_t index, std::span<const placement::NodeIndex> feasible);

  PeerIndex& peers_;
  const SpreadRules rules_;
  SpreadNodes nodes_;
  std::vector<SpreadConstraint> constraints_;
  const Shape* shape_ = nullptr;
  std::vector<double> sums_;
  std::vector<std::int64_t> counts_;     // scratch, by domain
  std::vector<std::uint8_t> candidate_;  // scratch, by domain
};

}  // namespace stowage::scheduling
