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

std::string NaiveCluster::anyFeasible(const kubeapi::Pod& pod) const {
  for (const auto& [name, node] : nodes_) {
    if (feasible(pod, name)) return name;
  }
  return "";
}

}  // namespace stowage::testing
