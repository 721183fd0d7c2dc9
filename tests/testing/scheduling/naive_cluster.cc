#include "testing/scheduling/naive_cluster.h"

#include <algorithm>

#include "kubeapi/declared_features.h"
#include "kubeapi/resources.h"

namespace stowage::testing {
namespace {

bool labelsAndTaintsAllow(const kubeapi::Pod& pod, const kubeapi::Node& node) {
  static const kubeapi::Taint cordon{"node.kubernetes.io/unschedulable", "",
                                     kubeapi::TaintEffect::kNoSchedule};
  if (node.unschedulable && !kubeapi::tolerates(pod.spec.tolerations, cordon)) return false;
  for (const auto& taint : node.taints) {
    if (taint.effect != kubeapi::TaintEffect::kPreferNoSchedule &&
        !kubeapi::tolerates(pod.spec.tolerations, taint)) {
      return false;
    }
  }
  const kubeapi::FeatureSet needed = kubeapi::requiredFeatures(pod);
  if ((needed & ~kubeapi::declaredFeatures(node.declared_features)) != 0) return false;
  for (const auto& [key, value] : pod.spec.node_selector) {
    const base::Symbol* found = node.meta.labels.find(key);
    if (found == nullptr || !(*found == value)) return false;
  }
  return !pod.spec.affinity.node_required ||
         kubeapi::matches(*pod.spec.affinity.node_required, node.meta.labels, node.meta.name);
}

}  // namespace

bool NaiveCluster::feasible(const kubeapi::Pod& pod, const std::string& name) const {
  const auto found = nodes_.find(name);
  if (found == nodes_.end()) return false;
  const kubeapi::Node& node = *found->second;
  if (!labelsAndTaintsAllow(pod, node)) return false;
  if (!peersAllow(pod, node) || !spreadAllows(pod, node)) return false;

  std::map<base::Symbol, std::int64_t> free;
  for (const auto& [resource, amount] : kubeapi::nodeAllocatable(node)) free[resource] = amount;
  free["pods"] -= 1;
  const auto wanted_ports = kubeapi::hostPorts(pod);
  for (const auto& [uid, other] : placed_) {
    if (other.node != name || other.pod->meta.uid == pod.meta.uid) continue;
    free["pods"] -= 1;
    const auto requests = kubeapi::podRequests(*other.pod, kubeapi::RequestSource::kSpecOrStatus);
    for (const auto& [resource, amount] : requests.amounts) {
      free[resource] = kubeapi::saturatingSub(free[resource], amount);
    }
    for (const auto& taken : kubeapi::hostPorts(*other.pod)) {
      if (std::any_of(wanted_ports.begin(), wanted_ports.end(),
                      [&](const auto& wanted) { return kubeapi::conflicts(wanted, taken); })) {
        return false;
      }
    }
  }
  if (free["pods"] < 0) return false;
  const auto wanted = kubeapi::podRequests(pod, kubeapi::RequestSource::kSpec);
  return std::all_of(wanted.amounts.begin(), wanted.amounts.end(), [&](const auto& each) {
    return each.second <= 0 || each.second <= free[each.first];
  });
}

template <typename Use>
void NaiveCluster::forDomain(const base::Symbol& key, const kubeapi::Node& node,
                             const Use& use) const {
  const base::Symbol* value = node.meta.labels.find(key);
  if (value == nullptr) return;
  for (const auto& [uid, other] : placed_) {
    const auto on = nodes_.find(other.node);
    if (on == nodes_.end()) continue;
    const base::Symbol* there = on->second->meta.labels.find(key);
    if (there != nullptr && *there == *value) use(*other.pod);
  }
}

// Terms without a word on namespaces only.
bool NaiveCluster::peersAllow(const kubeapi::Pod& pod, const kubeapi::Node& node) const {
  const auto selected = [](const kubeapi::PodAffinityTerm& term, const kubeapi::Pod& owner,
                           const kubeapi::Pod& other) {
    return owner.meta.ns == other.meta.ns &&
           kubeapi::matches(term.label_selector, other.meta.labels);
  };
  const auto selected_by_all = [&](const kubeapi::Pod& other) {
    const auto& terms = pod.spec.affinity.pod_affinity.required;
    return std::all_of(terms.begin(), terms.end(),
                       [&](const auto& term) { return selected(term, pod, other); });
  };
  bool together = true;
  bool anybody = false;
  for (const auto& term : pod.spec.affinity.pod_affinity.required) {
    if (node.meta.labels.find(term.topology_key) == nullptr) return false;
    bool here = false;
    forDomain(term.topology_key, node,
              [&](const kubeapi::Pod& other) { here |= selected_by_all(other); });
    together &= here;
    for (const auto& [name, any] : nodes_) {
      forDomain(term.topology_key, *any,
                [&](const kubeapi::Pod& other) { anybody |= selected_by_all(other); });
    }
  }
  if (!together && (anybody || !selected_by_all(pod))) return false;
  bool apart = true;
  for (const auto& term : pod.spec.affinity.pod_anti_affinity.required) {
    forDomain(term.topology_key, node,
              [&](const kubeapi::Pod& other) { apart &= !selected(term, pod, other); });
  }
  for (const auto& [uid, owner] : placed_) {
    for (const auto& term : owner.pod->spec.affinity.pod_anti_affinity.required) {
      forDomain(term.topology_key, node, [&](const kubeapi::Pod& other) {
        if (other.meta.uid == owner.pod->meta.uid) apart &= !selected(term, other, pod);
      });
    }
  }
  return apart;
}

// Honours node affinity and ignores taints, the defaults.
bool NaiveCluster::spreadAllows(const kubeapi::Pod& pod, const kubeapi::Node& node) const {
  const auto has_keys = [&](const kubeapi::Node& any) {
    return std::all_of(pod.spec.spread.begin(), pod.spec.spread.end(), [&](const auto& each) {
      return !each.do_not_schedule || any.meta.labels.find(each.topology_key) != nullptr;
    });
  };
  const auto counts = [&](const kubeapi::Node& any) {
    for (const auto& [key, value] : pod.spec.node_selector) {
      const base::Symbol* found = any.meta.labels.find(key);
      if (found == nullptr || !(*found == value)) return false;
    }
    const auto& required = pod.spec.affinity.node_required;
    return has_keys(any) &&
           (!required || kubeapi::matches(*required, any.meta.labels, any.meta.name));
  };
  for (const auto& constraint : pod.spec.spread) {
    if (!constraint.do_not_schedule) continue;
    const base::Symbol* value = node.meta.labels.find(constraint.topology_key);
    if (value == nullptr) return false;
    std::map<base::Symbol, std::int64_t> domains;
    for (const auto& [name, any] : nodes_) {
      if (counts(*any)) domains[*any->meta.labels.find(constraint.topology_key)] += 0;
    }
    for (const auto& [uid, other] : placed_) {
      const auto on = nodes_.find(other.node);
      if (on == nodes_.end() || !counts(*on->second) || other.pod->meta.deletion_time) continue;
      if (!(other.pod->meta.ns == pod.meta.ns)) continue;
      if (!kubeapi::matches(constraint.label_selector, other.pod->meta.labels)) continue;
      ++domains[*on->second->meta.labels.find(constraint.topology_key)];
    }
    std::int64_t least = domains.empty() ? 0 : domains.begin()->second;
    for (const auto& [domain, count] : domains) least = std::min(least, count);
    if (static_cast<std::int64_t>(domains.size()) < constraint.min_domains.value_or(1)) least = 0;
    const auto here = domains.find(*value);
    const std::int64_t self = kubeapi::matches(constraint.label_selector, pod.meta.labels) ? 1 : 0;
    if ((here == domains.end() ? 0 : here->second) + self - least > constraint.max_skew) {
      return false;
    }
  }
  return true;
}

std::string NaiveCluster::anyFeasible(const kubeapi::Pod& pod) const {
  for (const auto& [name, node] : nodes_) {
    if (feasible(pod, name)) return name;
  }
  return "";
}

}  // namespace stowage::testing
