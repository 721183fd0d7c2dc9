#include "scheduling/plugins/inter_pod_affinity/inter_pod_affinity.h"

#include <algorithm>

namespace stowage::scheduling {
namespace {

using placement::Fit;
using placement::NodeIndex;
using placement::Verdict;

// What holds in a domain.
constexpr std::uint8_t kHasFriend = 1;   // a pod that matches all required affinity terms
constexpr std::uint8_t kHasFoe = 2;      // a pod that a required anti-affinity term selects
constexpr std::uint8_t kHasHostile = 4;  // a pod whose required anti-affinity selects ours

// Verdict::reasons.
constexpr std::uint64_t kAffinity = 1;
constexpr std::uint64_t kAntiAffinity = 2;
constexpr std::uint64_t kExistingAntiAffinity = 3;

PodPredicate allOf(const std::vector<kubeapi::PodAffinityTerm>& terms, const Symbol& ns) {
  PodPredicate predicate;
  for (const auto& term : terms) predicate.terms.push_back(podTermOf(term, ns));
  return predicate;
}

}  // namespace

InterPodAffinity::Key& InterPodAffinity::keyOf(const Symbol& name) {
  for (std::size_t i = 0; i < used_; ++i) {
    if (keys_[i].name == name) return keys_[i];
  }
  if (used_ == keys_.size()) keys_.emplace_back();
  Key& key = keys_[used_++];
  key.name = name;
  key.domains = peers_.topology().domains(name);
  key.needed = false;
  key.flags.assign(key.domains == nullptr ? 1 : key.domains->size(), 0);
  return key;
}

void InterPodAffinity::mark(Key& key, const SparseCounts& counts, std::uint8_t flag) const {
  if (key.domains == nullptr) return;
  const auto& of = key.domains->of();
  for (const auto& [node, count] : counts.items()) key.flags[of[node]] |= flag;
}

void InterPodAffinity::prepareAffinity(const kubeapi::Pod& pod) {
  first_of_series_ = false;
  const auto& required = pod.spec.affinity.pod_affinity.required;
  if (required.empty()) return;
  const PodPredicate predicate = allOf(required, pod.meta.ns);
  const SparseCounts& friends = peers_.counters().count(predicate);
  bool counted = false;  // some match is on a node that has one of the keys
  for (const auto& term : required) {
    Key& key = keyOf(term.topology_key);
    key.needed = true;
    mark(key, friends, kHasFriend);
    counted |= std::any_of(key.flags.begin() + 1, key.flags.end(),
                           [](std::uint8_t flags) { return (flags & kHasFriend) != 0; });
  }
  // Else the first pod of a series that wants to be together would wait for ever.
  first_of_series_ = !counted && selects(predicate, pod, peers_.namespaces());
}

void InterPodAffinity::prepareAntiAffinity(const kubeapi::Pod& pod) {
  for (const auto& term : pod.spec.affinity.pod_anti_affinity.required) {
    Key& key = keyOf(term.topology_key);
    mark(key, peers_.counters().count({{podTermOf(term, pod.meta.ns)}, false}), kHasFoe);
  }
  peers_.terms().matching(pod, [&](const TermIndex::Group& group) {
    if (group.kind != TermKind::kRequiredAnti) return;
    mark(keyOf(group.topology_key), group.owners, kHasHostile);
  });
}

bool InterPodAffinity::prepare(const kubeapi::Pod& pod, const Shape& /*shape*/) {
  used_ = 0;
  prepareAffinity(pod);
  prepareAntiAffinity(pod);
  return used_ > 0;
}

Verdict InterPodAffinity::check(NodeIndex node, std::uint8_t rule) const {
  std::uint8_t foes = 0;
  bool friends = true;
  for (std::size_t i = 0; i < used_; ++i) {
    const Key& key = keys_[i];
    const Domain domain = key.domains == nullptr ? kNoDomain : key.domains->of()[node];
    if (domain == kNoDomain) {
      if (key.needed) return {kAffinity, rule, Fit::kUnresolvable};
      continue;
    }
    foes |= key.flags[domain];
    friends &= !key.needed || (key.flags[domain] & kHasFriend) != 0;
  }
  if (!friends && !first_of_series_) return {kAffinity, rule, Fit::kUnresolvable};
  if ((foes & kHasFoe) != 0) return {kAntiAffinity, rule, Fit::kUnschedulable};
  if ((foes & kHasHostile) != 0) return {kExistingAntiAffinity, rule, Fit::kUnschedulable};
  return {};
}

std::string_view InterPodAffinity::reason(const Verdict& verdict) const {
  switch (verdict.reasons) {
    case kAffinity:
      return "node(s) didn't match pod affinity rules";
    case kAntiAffinity:
      return "node(s) didn't match pod anti-affinity rules";
    default:
      return "node(s) didn't satisfy existing pods anti-affinity rules";
  }
}

// ---- score ----

void InterPodAffinityScore::add(const Symbol& topology_key, const SparseCounts& counts,
                                std::int64_t weight) {
  if (counts.empty()) return;
  const KeyDomains* domains = peers_.topology().domains(topology_key);
  if (domains == nullptr) return;
  Key* key = nullptr;
  for (std::size_t i = 0; i < used_; ++i) {
    if (keys_[i].name == topology_key) key = &keys_[i];
  }
  if (key == nullptr) {
    if (used_ == keys_.size()) keys_.emplace_back();
    key = &keys_[used_++];
    key->name = topology_key;
    key->domains = domains;
    key->weights.assign(domains->size(), 0);
  }
  const auto& of = domains->of();
  for (const auto& [node, count] : counts.items()) key->weights[of[node]] += weight * count;
}

void InterPodAffinityScore::addOwn(const kubeapi::Pod& pod, const kubeapi::PodAffinityRules& rules,
                                   std::int64_t sign) {
  for (const auto& [weight, term] : rules.preferred) {
    const PodPredicate predicate{{podTermOf(term, pod.meta.ns)}, false};
    add(term.topology_key, peers_.counters().count(predicate), sign * weight);
  }
}

bool InterPodAffinityScore::prepare(const kubeapi::Pod& pod, const Shape& /*shape*/) {
  used_ = 0;
  const kubeapi::Affinity& affinity = pod.spec.affinity;
  if (ignore_preferred_of_others_ && affinity.pod_affinity.preferred.empty() &&
      affinity.pod_anti_affinity.preferred.empty()) {
    return false;
  }
  addOwn(pod, affinity.pod_affinity, 1);
  addOwn(pod, affinity.pod_anti_affinity, -1);
  peers_.terms().matching(pod, [&](const TermIndex::Group& group) {
    if (group.kind == TermKind::kRequiredAnti) return;
    const bool hard = group.kind == TermKind::kRequiredAffinity;
    if (hard && hard_weight_ == 0) return;
    add(group.topology_key, group.owners, hard ? hard_weight_ : group.weight);
  });
  // Nodes without the key score nothing for it.
  for (std::size_t i = 0; i < used_; ++i) keys_[i].weights[kNoDomain] = 0;
  return used_ > 0;
}

void InterPodAffinityScore::score(std::span<const NodeIndex> feasible,
                                  std::span<std::int64_t> raw) {
  for (std::size_t k = 0; k < used_; ++k) {
    const auto& of = keys_[k].domains->of();
    const auto& weights = keys_[k].weights;
    for (std::size_t i = 0; i < feasible.size(); ++i) raw[i] += weights[of[feasible[i]]];
  }
}

void InterPodAffinityScore::normalise(std::span<const NodeIndex> /*feasible*/,
                                      std::span<std::int64_t> values) {
  if (values.empty()) return;
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  const std::int64_t low = *lowest;
  const std::int64_t range = *highest - low;
  for (std::int64_t& value : values) {
    // In floating point as upstream, whose rounding decides between two integers now and then.
    value = range <= 0 ? 0
                       : static_cast<std::int64_t>(100.0 * (static_cast<double>(value - low) /
                                                            static_cast<double>(range)));
  }
}

}  // namespace stowage::scheduling
