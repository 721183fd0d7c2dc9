#include "scheduling/peers/pod_terms.h"

#include <algorithm>

#include "scheduling/hashing.h"

namespace stowage::scheduling {
namespace {

void add(HashBuilder& hash, const std::optional<kubeapi::LabelSelector>& selector) {
  hash.add(selector ? selector->requirements.size() + 1 : 0);
  if (!selector) return;
  for (const auto& requirement : selector->requirements) {
    hash.add(requirement.key);
    hash.add(static_cast<std::uint64_t>(requirement.op));
    hash.add(requirement.values.size());
    for (const Symbol& value : requirement.values) hash.add(value);
  }
}

bool inNamespace(const PodTerm& term, const Symbol& ns, const NamespaceLabels& namespaces,
                 UnknownNamespace unknown) {
  if (std::find(term.namespaces.begin(), term.namespaces.end(), ns) != term.namespaces.end()) {
    return true;
  }
  if (!term.namespace_selector) return false;
  if (term.namespace_selector->requirements.empty()) return true;
  static const kubeapi::Labels none;
  const kubeapi::Labels* labels = namespaces.find(ns);
  if (labels == nullptr) {
    if (unknown == UnknownNamespace::kNoMatch) return false;
    labels = &none;
  }
  return kubeapi::matches(*term.namespace_selector, *labels);
}

}  // namespace

bool NamespaceLabels::set(const kubeapi::NamespacePtr& ns) {
  kubeapi::NamespacePtr& known = known_[ns->meta.name];
  const bool differs = known == nullptr || !(known->meta.labels == ns->meta.labels);
  known = ns;
  return differs;
}

bool NamespaceLabels::remove(const Symbol& name) { return known_.erase(name) > 0; }

const kubeapi::Labels* NamespaceLabels::find(const Symbol& name) const {
  const auto found = known_.find(name);
  return found == known_.end() ? nullptr : &found->second->meta.labels;
}

PodTerm podTermOf(const kubeapi::PodAffinityTerm& term, const Symbol& owner_ns) {
  PodTerm out{term.label_selector, term.namespaces, term.namespace_selector};
  if (out.namespaces.empty() && !out.namespace_selector) out.namespaces = {owner_ns};
  std::sort(out.namespaces.begin(), out.namespaces.end());
  out.namespaces.erase(std::unique(out.namespaces.begin(), out.namespaces.end()),
                       out.namespaces.end());
  return out;
}

bool selects(const PodTerm& term, const kubeapi::Pod& pod, const NamespaceLabels& namespaces,
             UnknownNamespace unknown) {
  return inNamespace(term, pod.meta.ns, namespaces, unknown) &&
         kubeapi::matches(term.selector, pod.meta.labels);
}

bool selects(const PodPredicate& predicate, const kubeapi::Pod& pod,
             const NamespaceLabels& namespaces) {
  if (predicate.skip_terminating && pod.meta.deletion_time) return false;
  return !predicate.terms.empty() &&
         std::all_of(predicate.terms.begin(), predicate.terms.end(), [&](const PodTerm& term) {
           return selects(term, pod, namespaces, UnknownNamespace::kNoMatch);
         });
}

std::size_t hashOf(const PodTerm& term) {
  HashBuilder hash;
  add(hash, term.selector);
  add(hash, term.namespace_selector);
  for (const Symbol& ns : term.namespaces) hash.add(ns);
  return hash.value();
}

std::size_t hashOf(const PodPredicate& predicate) {
  HashBuilder hash;
  for (const PodTerm& term : predicate.terms) hash.add(hashOf(term));
  hash.add(predicate.skip_terminating ? 1 : 0);
  return hash.value();
}

}  // namespace stowage::scheduling
