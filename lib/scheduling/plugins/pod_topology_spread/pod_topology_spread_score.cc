#include <algorithm>
#include <cmath>
#include <limits>

#include "scheduling/plugins/pod_topology_spread/pod_topology_spread.h"

namespace stowage::scheduling {
namespace {

using placement::NodeIndex;

constexpr std::string_view kHostname = "kubernetes.io/hostname";

// Counts of keys with few domains must not drown in those of keys with many.
double domainWeight(std::size_t domains) { return std::log(static_cast<double>(domains + 2)); }

double contribution(std::int64_t count, std::int32_t max_skew, double weight) {
  return static_cast<double>(count) * weight + static_cast<double>(max_skew - 1);
}

}  // namespace

bool PodTopologySpreadScore::prepare(const kubeapi::Pod& pod, const Shape& shape) {
  constraints_.clear();
  constraints_ = rules_.of(pod, false);
  if (constraints_.empty()) return false;
  shape_ = &shape;
  nodes_.prepare(constraints_, rules_.scoresNeedAllKeys(pod));
  return true;
}

void PodTopologySpreadScore::score(std::span<const NodeIndex> feasible,
                                   std::span<std::int64_t> raw) {
  sums_.assign(feasible.size(), 0);
  for (std::size_t i = 0; i < constraints_.size(); ++i) {
    if (nodes_.domains(i) == nullptr) continue;
    if (constraints_[i].topology_key == kHostname) {
      addHost(i, feasible);
    } else {
      addDomains(i, feasible);
    }
  }
  for (std::size_t i = 0; i < feasible.size(); ++i) {
    // Half away from zero, as upstream's math.Round.
    raw[i] = nodes_.takesPart(feasible[i]) ? static_cast<std::int64_t>(std::round(sums_[i])) : 0;
  }
}

// Hosts count their own pods, whatever the node policies say.
void PodTopologySpreadScore::addHost(std::size_t index, std::span<const NodeIndex> feasible) {
  const SpreadConstraint& constraint = constraints_[index];
  const auto& of = nodes_.domains(index)->of();
  std::size_t scored = 0;
  for (const NodeIndex node : feasible) scored += nodes_.takesPart(node) ? 1 : 0;
  const double weight = domainWeight(scored);
  counts_.assign(peers_.topology().nodes().size(), 0);
  for (const auto& [node, count] : peers_.counters().count(constraint.counted).items()) {
    counts_[node] = count;
  }
  for (std::size_t i = 0; i < feasible.size(); ++i) {
    if (of[feasible[i]] == kNoDomain) continue;
    sums_[i] += contribution(counts_[feasible[i]], constraint.max_skew, weight);
  }
}

void PodTopologySpreadScore::addDomains(std::size_t index, std::span<const NodeIndex> feasible) {
  const SpreadConstraint& constraint = constraints_[index];
  const auto& of = nodes_.domains(index)->of();
  // Where nodes without the key take part, they are one more domain for the weight, as upstream.
  candidate_.assign(nodes_.domains(index)->size(), 0);
  std::size_t domains = 0;
  for (const NodeIndex node : feasible) {
    if (!nodes_.takesPart(node) || candidate_[of[node]] != 0) continue;
    candidate_[of[node]] = 1;
    ++domains;
  }
  const double weight = domainWeight(domains);
  const auto& counting = nodes_.counting(constraint, *shape_);
  counts_.assign(candidate_.size(), 0);
  for (const auto& [node, count] : peers_.counters().count(constraint.counted).items()) {
    if (counting[node] != 0) counts_[of[node]] += count;
  }
  for (std::size_t i = 0; i < feasible.size(); ++i) {
    if (of[feasible[i]] == kNoDomain) continue;
    sums_[i] += contribution(counts_[of[feasible[i]]], constraint.max_skew, weight);
  }
}

void PodTopologySpreadScore::normalise(std::span<const NodeIndex> feasible,
                                       std::span<std::int64_t> values) {
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  std::int64_t highest = 0;
  for (std::size_t i = 0; i < feasible.size(); ++i) {
    if (!nodes_.takesPart(feasible[i])) continue;
    lowest = std::min(lowest, values[i]);
    highest = std::max(highest, values[i]);
  }
  for (std::size_t i = 0; i < feasible.size(); ++i) {
    if (!nodes_.takesPart(feasible[i])) {
      values[i] = 0;
    } else {
      values[i] = highest == 0 ? 100 : 100 * (highest + lowest - values[i]) / highest;
    }
  }
}

}  // namespace stowage::scheduling
