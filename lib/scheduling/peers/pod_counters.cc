#include "scheduling/peers/pod_counters.h"

#include <algorithm>
#include <utility>

namespace stowage::scheduling {

using placement::NodeIndex;

PodCounters::PodCounters(const NamespaceLabels& namespaces, ForPods for_pods,
                         std::size_t max_counters)
    : namespaces_(namespaces), for_pods_(std::move(for_pods)), max_counters_(max_counters) {}

void PodCounters::fill(const PodPredicate& predicate, SparseCounts& nodes) const {
  if (predicate.terms.empty()) return;
  for_pods_(predicate.terms.front(), [&](const kubeapi::Pod& pod, NodeIndex node) {
    if (selects(predicate, pod, namespaces_)) nodes.add(node);
  });
}

const SparseCounts& PodCounters::count(const PodPredicate& predicate) {
  const auto known = by_predicate_.find(&predicate);
  if (known != by_predicate_.end()) {
    counters_.splice(counters_.begin(), counters_, known->second);
    return known->second->nodes;
  }
  if (counters_.size() >= max_counters_) drop(std::prev(counters_.end()));
  counters_.push_front({predicate, {}});
  const Place fresh = counters_.begin();
  by_predicate_.emplace(&fresh->predicate, fresh);
  if (!fresh->predicate.terms.empty()) index_.insert(&*fresh, fresh->predicate.terms.front());
  fill(fresh->predicate, fresh->nodes);
  return fresh->nodes;
}

void PodCounters::drop(Place counter) {
  if (!counter->predicate.terms.empty()) index_.erase(&*counter, counter->predicate.terms.front());
  by_predicate_.erase(&counter->predicate);
  counters_.erase(counter);
}

void PodCounters::podPlaced(const kubeapi::Pod& pod, NodeIndex node) {
  index_.candidates(pod.meta.ns, pod.meta.labels, [&](Counter& counter) {
    if (selects(counter.predicate, pod, namespaces_)) counter.nodes.add(node);
  });
}

void PodCounters::podLeft(const kubeapi::Pod& pod, NodeIndex node) {
  index_.candidates(pod.meta.ns, pod.meta.labels, [&](Counter& counter) {
    if (selects(counter.predicate, pod, namespaces_)) counter.nodes.remove(node);
  });
}

void PodCounters::namespacesChanged() {
  for (Place counter = counters_.begin(); counter != counters_.end();) {
    const Place next = std::next(counter);
    const auto& terms = counter->predicate.terms;
    const bool by_labels = std::any_of(terms.begin(), terms.end(), [](const PodTerm& term) {
      return term.namespace_selector && !term.namespace_selector->requirements.empty();
    });
    if (by_labels) drop(counter);
    counter = next;
  }
}

bool PodCounters::consistent() const {
  return std::all_of(counters_.begin(), counters_.end(), [&](const Counter& counter) {
    SparseCounts expected;
    fill(counter.predicate, expected);
    return expected == counter.nodes;
  });
}

}  // namespace stowage::scheduling
