#include "scheduling/peers/peer_index.h"

namespace stowage::scheduling {

PeerIndex::PeerIndex()
    : counters_(namespaces_, [this](const PodTerm& term,
                                    const PodCounters::Visit& visit) { forPods(term, visit); }),
      terms_(namespaces_) {}

void PeerIndex::podPlaced(const CachedPod& pod) {
  pods_[pod.pod->meta.ns].insert(&pod);
  counters_.podPlaced(*pod.pod, pod.node->index);
  terms_.podPlaced(*pod.pod, pod.node->index);
}

void PeerIndex::podLeft(const CachedPod& pod) {
  const auto found = pods_.find(pod.pod->meta.ns);
  found->second.erase(&pod);
  if (found->second.empty()) pods_.erase(found);
  counters_.podLeft(*pod.pod, pod.node->index);
  terms_.podLeft(*pod.pod, pod.node->index);
}

bool PeerIndex::setNamespace(const kubeapi::NamespacePtr& ns) {
  if (!namespaces_.set(ns)) return false;
  counters_.namespacesChanged();
  return true;
}

bool PeerIndex::removeNamespace(const Symbol& name) {
  if (!namespaces_.remove(name)) return false;
  counters_.namespacesChanged();
  return true;
}

bool PeerIndex::consistent() const {
  TermIndex terms(namespaces_);
  for (const auto& [ns, pods] : pods_) {
    for (const CachedPod* pod : pods) terms.podPlaced(*pod->pod, pod->node->index);
  }
  return counters_.consistent() && terms.sameAs(terms_) && topology_.consistent();
}

void PeerIndex::forPods(const PodTerm& term, const PodCounters::Visit& visit) const {
  const auto all_of = [&](const auto& pods) {
    for (const CachedPod* pod : pods) visit(*pod->pod, pod->node->index);
  };
  if (term.namespace_selector) {
    for (const auto& [ns, pods] : pods_) all_of(pods);
    return;
  }
  for (const Symbol& ns : term.namespaces) {
    const auto found = pods_.find(ns);
    if (found != pods_.end()) all_of(found->second);
  }
}

}  // namespace stowage::scheduling
