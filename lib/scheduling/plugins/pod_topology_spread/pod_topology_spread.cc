#include "scheduling/plugins/pod_topology_spread/pod_topology_spread.h"

#include <algorithm>
#include <limits>

namespace stowage::scheduling {
namespace {

using placement::Fit;
using placement::NodeIndex;
using placement::Verdict;

// Verdict::reasons.
constexpr std::uint64_t kMissingLabel = 1;
constexpr std::uint64_t kSkew = 2;

}  // namespace

void SpreadNodes::prepare(const std::vector<SpreadConstraint>& constraints, bool all_keys) {
  NodeTopology& topology = peers_.topology();
  const auto& nodes = topology.nodes();
  domains_.clear();
  keyed_.assign(nodes.size(), 1);
  for (std::size_t slot = 0; slot < nodes.size(); ++slot) {
    if (nodes[slot] == nullptr) keyed_[slot] = 0;
  }
  for (const SpreadConstraint& constraint : constraints) {
    const KeyDomains* domains = topology.domains(constraint.topology_key);
    domains_.push_back(domains);
    if (!all_keys) continue;
    if (domains == nullptr) {
      keyed_.assign(nodes.size(), 0);
      continue;
    }
    const auto& of = domains->of();
    for (std::size_t slot = 0; slot < keyed_.size(); ++slot) {
      keyed_[slot] = keyed_[slot] != 0 && of[slot] != kNoDomain ? 1 : 0;
    }
  }
}

const std::vector<std::uint8_t>& SpreadNodes::counting(const SpreadConstraint& constraint,
                                                       const Shape& shape) {
  counting_ = keyed_;
  const auto narrow = [&](const std::vector<std::uint8_t>& by) {
    if (by.empty()) return;
    for (std::size_t slot = 0; slot < counting_.size(); ++slot) counting_[slot] &= by[slot];
  };
  const NodeTopology& topology = peers_.topology();
  if (constraint.honor_affinity) narrow(policies_.honoringAffinity(shape, topology));
  if (constraint.honor_taints) narrow(policies_.honoringTaints(shape, topology));
  return counting_;
}

bool PodTopologySpread::prepare(const kubeapi::Pod& pod, const Shape& shape) {
  used_ = 0;
  const std::vector<SpreadConstraint> constraints = rules_.of(pod, true);
  if (constraints.empty()) return false;
  nodes_.prepare(constraints, true);
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    if (used_ == gates_.size()) gates_.emplace_back();
    Gate& gate = gates_[used_++];
    gate.domains = nodes_.domains(i);
    if (gate.domains != nullptr) prepareGate(constraints[i], shape, gate);
  }
  return true;
}

void PodTopologySpread::prepareGate(const SpreadConstraint& constraint, const Shape& shape,
                                    Gate& gate) {
  const auto& of = gate.domains->of();
  const std::size_t domains = gate.domains->size();
  const auto& counting = nodes_.counting(constraint, shape);
  eligible_.assign(domains, 0);
  for (std::size_t slot = 0; slot < counting.size(); ++slot) {
    eligible_[of[slot]] |= counting[slot];
  }
  counts_.assign(domains, 0);
  for (const auto& [node, count] : peers_.counters().count(constraint.counted).items()) {
    if (counting[node] != 0) counts_[of[node]] += count;
  }
  std::int64_t eligible = 0;
  std::int64_t least = std::numeric_limits<std::int32_t>::max();
  for (std::size_t domain = 1; domain < domains; ++domain) {
    if (eligible_[domain] == 0) continue;
    ++eligible;
    least = std::min(least, counts_[domain]);
  }
  if (eligible < constraint.min_domains) least = 0;
  gate.closed.resize(domains);
  for (std::size_t domain = 0; domain < domains; ++domain) {
    const std::int64_t skew = counts_[domain] + (constraint.self ? 1 : 0) - least;
    gate.closed[domain] = skew > constraint.max_skew ? 1 : 0;
  }
}

Verdict PodTopologySpread::check(NodeIndex node, std::uint8_t rule) const {
  for (std::size_t i = 0; i < used_; ++i) {
    const Gate& gate = gates_[i];
    const Domain domain = gate.domains == nullptr ? kNoDomain : gate.domains->of()[node];
    if (domain == kNoDomain) return {kMissingLabel, rule, Fit::kUnresolvable};
    if (gate.closed[domain] != 0) return {kSkew, rule, Fit::kUnschedulable};
  }
  return {};
}

std::string_view PodTopologySpread::reason(const Verdict& verdict) const {
  return verdict.reasons == kMissingLabel
             ? "node(s) didn't match pod topology spread constraints (missing required label)"
             : "node(s) didn't match pod topology spread constraints";
}

}  // namespace stowage::scheduling
