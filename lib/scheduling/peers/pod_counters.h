// PodCounters: for the predicates that pods to be placed ask about, how many placed pods of each
// node match. A predicate is counted from the pods once, when it is first asked about, and kept
// right from then on with every pod that comes, goes or changes. Equal predicates share a counter;
// those not asked about for longest are dropped beyond a limit. Single-threaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <unordered_map>

#include "scheduling/peers/pod_terms.h"
#include "scheduling/peers/selector_index.h"
#include "scheduling/peers/sparse_counts.h"

namespace stowage::scheduling {

class PodCounters {
 public:
  static constexpr std::size_t kMaxCounters = 4096;

  // Calls its argument for every placed pod that may be in one of the namespaces of `term`.
  using Visit = std::function<void(const kubeapi::Pod&, placement::NodeIndex)>;
  using ForPods = std::function<void(const PodTerm& term, const Visit& visit)>;
  PodCounters(const NamespaceLabels& namespaces, ForPods for_pods,
              std::size_t max_counters = kMaxCounters);
  PodCounters(const PodCounters&) = delete;
  PodCounters& operator=(const PodCounters&) = delete;

  // Matching pods by node. Valid until kMaxCounters others have been asked about.
  const SparseCounts& count(const PodPredicate& predicate);

  void podPlaced(const kubeapi::Pod& pod, placement::NodeIndex node);
  void podLeft(const kubeapi::Pod& pod, placement::NodeIndex node);
  // Labels of some namespace changed: what was counted by them is counted anew when asked about.
  void namespacesChanged();
  [[nodiscard]] std::size_t size() const { return counters_.size(); }

  // Recounts everything; false when something differs (debug and tests).
  [[nodiscard]] bool consistent() const;

 private:
  struct Counter {
    PodPredicate predicate;
    SparseCounts nodes;
  };
  struct Hash {
    std::size_t operator()(const PodPredicate* predicate) const { return hashOf(*predicate); }
  };
  struct Equal {
    bool operator()(const PodPredicate* a, const PodPredicate* b) const { return *a == *b; }
  };
  using Place = std::list<Counter>::iterator;
  void drop(Place counter);
  void fill(const PodPredicate& predicate, SparseCounts& nodes) const;

  const NamespaceLabels& namespaces_;
  const ForPods for_pods_;
  const std::size_t max_counters_;
  std::list<Counter> counters_;  // the one asked about last in front
  std::unordered_map<const PodPredicate*, Place, Hash, Equal> by_predicate_;
  SelectorIndex<Counter> index_;  // by the first term
};

}  // namespace stowage::scheduling
