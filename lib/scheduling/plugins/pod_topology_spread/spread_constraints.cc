#include "scheduling/plugins/pod_topology_spread/spread_constraints.h"

#include <algorithm>

namespace stowage::scheduling {
namespace {

using kubeapi::TaintEffect;

// The selector with the pod's own values of the named labels; labels that it lacks are ignored.
kubeapi::LabelSelector withLabelKeys(kubeapi::LabelSelector selector,
                                     const std::vector<Symbol>& keys,
                                     const kubeapi::Labels& labels) {
  for (const Symbol& key : keys) {
    const Symbol* value = labels.find(key);
    if (value == nullptr) continue;
    selector.requirements.push_back({key, kubeapi::SelectorOperator::kIn, {*value}});
  }
  return selector;
}

SpreadConstraint constraintOf(const kubeapi::TopologySpreadConstraint& given,
                              const kubeapi::Pod& pod) {
  SpreadConstraint out;
  out.topology_key = given.topology_key;
  out.max_skew = given.max_skew;
  out.min_domains = given.min_domains.value_or(1);
  out.honor_affinity = given.node_affinity_policy.empty() || given.node_affinity_policy == "Honor";
  out.honor_taints = given.node_taints_policy == "Honor";
  out.counted.skip_terminating = true;
  if (!given.label_selector) return out;  // selects nothing, whatever label keys say
  PodTerm term;
  term.selector = withLabelKeys(*given.label_selector, given.match_label_keys, pod.meta.labels);
  term.namespaces = {pod.meta.ns};
  out.self = kubeapi::matches(*term.selector, pod.meta.labels);
  // Upstream counts no placed pod for a selector without requirements, although it selects all.
  if (!term.selector->requirements.empty()) out.counted.terms.push_back(std::move(term));
  return out;
}

// Source: plugins/podtopologyspread/plugin.go (systemDefaultConstraints).
std::vector<kubeapi::TopologySpreadConstraint> systemDefaults() {
  kubeapi::TopologySpreadConstraint hosts;
  hosts.topology_key = "kubernetes.io/hostname";
  hosts.max_skew = 3;
  hosts.do_not_schedule = false;
  kubeapi::TopologySpreadConstraint zones = hosts;
  zones.topology_key = "topology.kubernetes.io/zone";
  zones.max_skew = 5;
  return {hosts, zones};
}

bool toleratesAll(const std::vector<kubeapi::Toleration>& tolerations,
                  const std::vector<kubeapi::Taint>& taints) {
  return std::all_of(taints.begin(), taints.end(), [&](const kubeapi::Taint& taint) {
    const bool hard =
        taint.effect == TaintEffect::kNoSchedule || taint.effect == TaintEffect::kNoExecute;
    return !hard || kubeapi::tolerates(tolerations, taint);
  });
}

}  // namespace

SpreadRules::SpreadRules(const SpreadDefaults& defaults, WorkloadSelectors& workloads)
    : system_(defaults.system), defaults_(defaults.constraints), workloads_(workloads) {
  if (system_) defaults_ = systemDefaults();
}

std::vector<SpreadConstraint> SpreadRules::of(const kubeapi::Pod& pod, bool do_not_schedule) const {
  std::vector<SpreadConstraint> out;
  const kubeapi::LabelSelector* siblings = nullptr;
  for (const auto& given : pod.spec.spread.empty() ? defaults_ : pod.spec.spread) {
    if (given.do_not_schedule != do_not_schedule) continue;
    if (!pod.spec.spread.empty()) {
      out.push_back(constraintOf(given, pod));
      continue;
    }
    if (siblings == nullptr) siblings = &workloads_.siblingsOf(pod);
    if (siblings->requirements.empty()) break;
    kubeapi::TopologySpreadConstraint among = given;
    among.label_selector = *siblings;
    among.match_label_keys.clear();
    out.push_back(constraintOf(among, pod));
  }
  return out;
}

NodePolicies::Entry* NodePolicies::find(bool taints, const Shape& shape,
                                        const NodeTopology& topology) {
  if (version_ != topology.version()) entries_.clear();
  version_ = topology.version();
  const ShapeSpec& spec = shape.spec;
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->taints != taints) continue;
    const bool same = taints ? entry->tolerations == spec.tolerations
                             : entry->node_selector == spec.node_selector &&
                                   entry->node_required == spec.node_required;
    if (!same) continue;
    entries_.splice(entries_.begin(), entries_, entry);
    return &entries_.front();
  }
  if (entries_.size() >= kKept) entries_.pop_back();
  entries_.push_front({taints, {}, {}, {}, {}});
  return &entries_.front();
}

const std::vector<std::uint8_t>& NodePolicies::honoringAffinity(const Shape& shape,
                                                                const NodeTopology& topology) {
  static const std::vector<std::uint8_t> all;
  if (shape.spec.node_selector.empty() && !shape.spec.node_required) return all;
  Entry& entry = *find(false, shape, topology);
  if (!entry.counts.empty()) return entry.counts;
  entry.node_selector = shape.spec.node_selector;
  entry.node_required = shape.spec.node_required;
  const auto& nodes = topology.nodes();
  entry.counts.resize(nodes.size(), 0);
  for (std::size_t slot = 0; slot < nodes.size(); ++slot) {
    if (nodes[slot] == nullptr) continue;
    entry.counts[slot] =
        shape.required_nodes.matches(nodes[slot]->meta.labels, nodes[slot]->meta.name) ? 1 : 0;
  }
  return entry.counts;
}

const std::vector<std::uint8_t>& NodePolicies::honoringTaints(const Shape& shape,
                                                              const NodeTopology& topology) {
  Entry& entry = *find(true, shape, topology);
  if (!entry.counts.empty()) return entry.counts;
  entry.tolerations = shape.spec.tolerations;
  const auto& nodes = topology.nodes();
  entry.counts.resize(nodes.size(), 0);
  for (std::size_t slot = 0; slot < nodes.size(); ++slot) {
    if (nodes[slot] == nullptr) continue;
    entry.counts[slot] = toleratesAll(shape.spec.tolerations, nodes[slot]->taints) ? 1 : 0;
  }
  return entry.counts;
}

}  // namespace stowage::scheduling
