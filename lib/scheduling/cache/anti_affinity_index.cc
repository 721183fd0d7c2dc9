#include "scheduling/cache/anti_affinity_index.h"

#include <algorithm>

#include "scheduling/hashing.h"

namespace stowage::scheduling {
namespace {

void addSelector(HashBuilder& hash, const std::optional<kubeapi::LabelSelector>& selector) {
  hash.add(selector ? selector->requirements.size() + 1 : 0);
  if (!selector) return;
  for (const auto& requirement : selector->requirements) {
    hash.add(requirement.key);
    hash.add(static_cast<std::uint64_t>(requirement.op));
    for (const Symbol& value : requirement.values) hash.add(value);
  }
}

template <typename Group>
void eraseFrom(std::vector<Group*>& list, Group* group) {
  const auto found = std::find(list.begin(), list.end(), group);
  if (found == list.end()) return;
  *found = list.back();
  list.pop_back();
}

// Namespaces named by a term; its owner's when it says nothing about namespaces at all.
std::vector<Symbol> namedNamespaces(const kubeapi::PodAffinityTerm& term, const Symbol& owner_ns) {
  if (term.namespaces.empty() && !term.namespace_selector) return {owner_ns};
  std::vector<Symbol> names = term.namespaces;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

std::size_t AntiAffinityIndex::Hash::operator()(const Group* group) const noexcept {
  HashBuilder hash;
  hash.add(group->owner_ns);
  hash.add(group->term.topology_key);
  addSelector(hash, group->term.label_selector);
  addSelector(hash, group->term.namespace_selector);
  for (const Symbol& ns : group->term.namespaces) hash.add(ns);
  return hash.value();
}

bool AntiAffinityIndex::Equal::operator()(const Group* a, const Group* b) const noexcept {
  return a->owner_ns == b->owner_ns && a->term.topology_key == b->term.topology_key &&
         a->term.label_selector == b->term.label_selector &&
         a->term.namespace_selector == b->term.namespace_selector &&
         a->term.namespaces == b->term.namespaces;
}

void AntiAffinityIndex::link(Group* group) {
  for (const Symbol& ns : namedNamespaces(group->term, group->owner_ns)) {
    by_namespace_[ns].push_back(group);
  }
  if (group->term.namespace_selector) by_selector_.push_back(group);
}

void AntiAffinityIndex::unlink(Group* group) {
  for (const Symbol& ns : namedNamespaces(group->term, group->owner_ns)) {
    const auto found = by_namespace_.find(ns);
    if (found == by_namespace_.end()) continue;
    eraseFrom(found->second, group);
    if (found->second.empty()) by_namespace_.erase(found);
  }
  eraseFrom(by_selector_, group);
}

bool AntiAffinityIndex::add(const kubeapi::Pod& pod) {
  for (const auto& term : pod.spec.affinity.pod_anti_affinity.required) {
    auto group = std::make_unique<Group>(Group{pod.meta.ns, term, {}});
    const auto found = groups_.find(group.get());
    Group* kept = found == groups_.end() ? group.get() : found->second.get();
    if (found == groups_.end()) {
      groups_.emplace(kept, std::move(group));
      link(kept);
    }
    kept->owners.emplace_back(pod.meta.uid, pod.meta.name);
  }
  return !pod.spec.affinity.pod_anti_affinity.required.empty();
}

bool AntiAffinityIndex::remove(const kubeapi::Pod& pod) {
  for (const auto& term : pod.spec.affinity.pod_anti_affinity.required) {
    const Group key{pod.meta.ns, term, {}};
    const auto found = groups_.find(&key);
    if (found == groups_.end()) continue;
    Group* group = found->second.get();
    const auto owner = std::find_if(group->owners.begin(), group->owners.end(),
                                    [&](const auto& each) { return each.first == pod.meta.uid; });
    if (owner != group->owners.end()) group->owners.erase(owner);
    if (!group->owners.empty()) continue;
    unlink(group);
    groups_.erase(found);
  }
  return !pod.spec.affinity.pod_anti_affinity.required.empty();
}

bool AntiAffinityIndex::setNamespace(const kubeapi::NamespacePtr& ns) {
  kubeapi::NamespacePtr& known = namespaces_[ns->meta.name];
  const bool changed = known == nullptr || !(known->meta.labels == ns->meta.labels);
  known = ns;
  return changed;
}

bool AntiAffinityIndex::removeNamespace(const Symbol& name) { return namespaces_.erase(name) > 0; }

bool AntiAffinityIndex::selectsNamespace(const Group& group, const Symbol& ns) const {
  if (group.term.namespace_selector->requirements.empty()) return true;
  const auto found = namespaces_.find(ns);
  if (found == namespaces_.end()) return true;
  return kubeapi::matches(*group.term.namespace_selector, found->second->meta.labels);
}

std::optional<AntiAffinityIndex::Owner> AntiAffinityIndex::match(
    const kubeapi::Pod& incoming) const {
  const auto named = by_namespace_.find(incoming.meta.ns);
  if (named != by_namespace_.end()) {
    for (const Group* group : named->second) {
      if (kubeapi::matches(group->term.label_selector, incoming.meta.labels)) {
        return Owner{group->owner_ns, group->owners.front().second};
      }
    }
  }
  for (const Group* group : by_selector_) {
    if (kubeapi::matches(group->term.label_selector, incoming.meta.labels) &&
        selectsNamespace(*group, incoming.meta.ns)) {
      return Owner{group->owner_ns, group->owners.front().second};
    }
  }
  return std::nullopt;
}

}  // namespace stowage::scheduling
