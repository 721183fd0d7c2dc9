// Queueing hints of PodTopologySpread: which events may help a pod that it rejected.
#include <algorithm>

#include "scheduling/plugins/pod_topology_spread/pod_topology_spread.h"

namespace stowage::scheduling {
namespace {

bool hasAllKeys(const kubeapi::Node& node, const std::vector<SpreadConstraint>& constraints) {
  return std::all_of(constraints.begin(), constraints.end(), [&](const SpreadConstraint& each) {
    return node.meta.labels.find(each.topology_key) != nullptr;
  });
}

// Any label or taint may decide whether the node counts, which upstream asks of topology keys only.
bool nodeHelps(const kubeapi::Node* before, const kubeapi::Node* after,
               const std::vector<SpreadConstraint>& constraints) {
  return (before != nullptr && hasAllKeys(*before, constraints)) ||
         (after != nullptr && hasAllKeys(*after, constraints));
}

// Whether the pod matches by its labels; what it is doing does not matter here.
bool matchesSelector(const SpreadConstraint& constraint, const kubeapi::Pod& pod) {
  return !constraint.counted.terms.empty() &&
         kubeapi::matches(constraint.counted.terms.front().selector, pod.meta.labels);
}

bool podHelps(const kubeapi::Pod* before, const kubeapi::Pod* after,
              const std::vector<SpreadConstraint>& constraints) {
  return std::any_of(constraints.begin(), constraints.end(), [&](const SpreadConstraint& each) {
    const bool did = before != nullptr && matchesSelector(each, *before);
    const bool does = after != nullptr && matchesSelector(each, *after);
    return before != nullptr && after != nullptr ? did != does : did || does;
  });
}

}  // namespace

std::uint32_t PodTopologySpread::events() const {
  return kNodeAdd | kNodeLabels | kNodeTaints | kNodeGone | kPodGone | kPodPlaced | kPodLabels;
}

bool PodTopologySpread::wakes(const kubeapi::Pod& pod, const ClusterEvent& event) const {
  const std::vector<SpreadConstraint> constraints = rules_.of(pod, true);
  if ((event.kinds & (kNodeAdd | kNodeLabels | kNodeTaints | kNodeGone)) != 0) {
    const kubeapi::Node* now = event.node == nullptr ? nullptr : &event.node->node;
    const kubeapi::Node* before = (event.kinds & kNodeAdd) != 0 ? nullptr : event.old_node;
    if (nodeHelps(before, now, constraints)) return true;
  }
  const kubeapi::Pod* any = event.pod_after != nullptr ? event.pod_after : event.pod_before;
  if (any == nullptr || !(any->meta.ns == pod.meta.ns)) return false;
  return podHelps(event.pod_before, event.pod_after, constraints);
}

}  // namespace stowage::scheduling
