// Queueing hints of InterPodAffinity: which events may help a pod that it rejected.
#include <algorithm>

#include "scheduling/plugins/inter_pod_affinity/inter_pod_affinity.h"

namespace stowage::scheduling {
namespace {

// Whether all terms of `owner` select `other`.
bool selectedByAll(const std::vector<kubeapi::PodAffinityTerm>& terms, const Symbol& owner_ns,
                   const kubeapi::Pod& other, const NamespaceLabels& namespaces) {
  return !terms.empty() && std::all_of(terms.begin(), terms.end(), [&](const auto& term) {
    return selects(podTermOf(term, owner_ns), other, namespaces, UnknownNamespace::kNoMatch);
  });
}

// Whether any term of `owner` selects `other`.
bool selectedByAny(const std::vector<kubeapi::PodAffinityTerm>& terms, const Symbol& owner_ns,
                   const kubeapi::Pod& other, const NamespaceLabels& namespaces) {
  return std::any_of(terms.begin(), terms.end(), [&](const auto& term) {
    return selects(podTermOf(term, owner_ns), other, namespaces, UnknownNamespace::kNoLabels);
  });
}

}  // namespace

std::uint32_t InterPodAffinity::events() const {
  return kNodeAdd | kNodeLabels | kNodeGone | kPodGone | kPodPlaced | kPodLabels | kNamespaceLabels;
}

bool InterPodAffinity::wakes(const kubeapi::Pod& pod, const ClusterEvent& event) const {
  // Any of these may open or close a domain. Upstream looks at the pod's own terms only, and so
  // misses the pods that others keep away.
  if ((event.kinds & (kNodeAdd | kNodeLabels | kNodeGone | kNamespaceLabels)) != 0) return true;
  const kubeapi::Affinity& affinity = pod.spec.affinity;
  const NamespaceLabels& namespaces = peers_.namespaces();
  const auto& near = affinity.pod_affinity.required;
  const auto& far = affinity.pod_anti_affinity.required;
  const kubeapi::Pod* before = event.pod_before;
  const kubeapi::Pod* after = event.pod_after;
  if (before != nullptr && after != nullptr) {
    return (!selectedByAll(near, pod.meta.ns, *before, namespaces) &&
            selectedByAll(near, pod.meta.ns, *after, namespaces)) ||
           (selectedByAny(far, pod.meta.ns, *before, namespaces) &&
            !selectedByAny(far, pod.meta.ns, *after, namespaces));
  }
  if (after != nullptr) return selectedByAll(near, pod.meta.ns, *after, namespaces);
  if (before == nullptr) return false;
  // The last friend went: the pod may be the first of its series now.
  if (selectedByAll(near, pod.meta.ns, *before, namespaces)) return true;
  return selectedByAny(far, pod.meta.ns, *before, namespaces) ||
         selectedByAny(before->spec.affinity.pod_anti_affinity.required, before->meta.ns, pod,
                       namespaces);
}

}  // namespace stowage::scheduling
