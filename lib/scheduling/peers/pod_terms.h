// PodTerm and PodPredicate: which pods a term of affinity between pods or a spread constraint
// selects, with everything that the term leaves out filled in from its owner. Plain values.
// Sources: kube-scheduler framework/types.go (AffinityTerm), plugins/podtopologyspread/common.go,
// v1.36.3.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kubeapi/node.h"
#include "kubeapi/pod.h"

namespace stowage::scheduling {

using base::Symbol;

// The namespaces that are known, for selectors of namespaces.
class NamespaceLabels {
 public:
  // True when labels differ from before (a new namespace counts as different).
  bool set(const kubeapi::NamespacePtr& ns);
  bool remove(const Symbol& name);
  // Null when it is not known.
  [[nodiscard]] const kubeapi::Labels* find(const Symbol& name) const;

 private:
  std::unordered_map<Symbol, kubeapi::NamespacePtr> known_;
};

struct PodTerm {
  std::optional<kubeapi::LabelSelector> selector;  // absent: no pod
  std::vector<Symbol> namespaces;                  // sorted, unique
  std::optional<kubeapi::LabelSelector> namespace_selector;
  friend bool operator==(const PodTerm&, const PodTerm&) = default;
};

// The term as its owner means it: a term without any word on namespaces is about the owner's own.
PodTerm podTermOf(const kubeapi::PodAffinityTerm& term, const Symbol& owner_ns);

// What a selector of namespaces makes of a namespace that is not known.
enum class UnknownNamespace : std::uint8_t {
  kNoMatch,   // terms of the pod to be placed: upstream lists the namespaces that match
  kNoLabels,  // terms of placed pods: upstream matches against no labels
};
bool selects(const PodTerm& term, const kubeapi::Pod& pod, const NamespaceLabels& namespaces,
             UnknownNamespace unknown);

struct PodPredicate {
  std::vector<PodTerm> terms;  // all of them must select the pod; none: no pod
  bool skip_terminating = false;
  friend bool operator==(const PodPredicate&, const PodPredicate&) = default;
};
bool selects(const PodPredicate& predicate, const kubeapi::Pod& pod,
             const NamespaceLabels& namespaces);

std::size_t hashOf(const PodTerm& term);
std::size_t hashOf(const PodPredicate& predicate);

}  // namespace stowage::scheduling
