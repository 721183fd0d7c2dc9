#include "scheduling/peers/term_index.h"

#include <algorithm>
#include <utility>

#include "scheduling/hashing.h"

namespace stowage::scheduling {

using placement::NodeIndex;

std::size_t TermIndex::Hash::operator()(const Group* group) const noexcept {
  HashBuilder hash;
  hash.add(static_cast<std::uint64_t>(group->kind));
  hash.add(static_cast<std::uint64_t>(group->weight));
  hash.add(group->topology_key);
  hash.add(hashOf(group->term));
  return hash.value();
}

bool TermIndex::Equal::operator()(const Group* a, const Group* b) const noexcept {
  return a->kind == b->kind && a->weight == b->weight && a->topology_key == b->topology_key &&
         a->term == b->term;
}

template <typename Use>
void TermIndex::forTerms(const kubeapi::Pod& pod, const Use& use) {
  const kubeapi::Affinity& affinity = pod.spec.affinity;
  if (affinity.pod_affinity.empty() && affinity.pod_anti_affinity.empty()) return;
  const auto give = [&](TermKind kind, std::int64_t weight, const kubeapi::PodAffinityTerm& term) {
    use(Group{kind, weight, term.topology_key, podTermOf(term, pod.meta.ns), {}});
  };
  for (const auto& term : affinity.pod_affinity.required) {
    give(TermKind::kRequiredAffinity, 0, term);
  }
  for (const auto& term : affinity.pod_anti_affinity.required) {
    give(TermKind::kRequiredAnti, 0, term);
  }
  for (const auto& [weight, term] : affinity.pod_affinity.preferred) {
    give(TermKind::kPreferred, weight, term);
  }
  for (const auto& [weight, term] : affinity.pod_anti_affinity.preferred) {
    give(TermKind::kPreferred, -std::int64_t{weight}, term);
  }
}

void TermIndex::podPlaced(const kubeapi::Pod& pod, NodeIndex node) {
  forTerms(pod, [&](Group&& key) {
    const auto found = groups_.find(&key);
    if (found != groups_.end()) {
      found->second->owners.add(node);
      return;
    }
    auto fresh = std::make_unique<Group>(std::move(key));
    Group* group = fresh.get();
    group->owners.add(node);
    index_.insert(group, group->term);
    groups_.emplace(group, std::move(fresh));
  });
}

bool TermIndex::sameAs(const TermIndex& other) const {
  return groups_.size() == other.groups_.size() &&
         std::all_of(groups_.begin(), groups_.end(), [&](const auto& group) {
           const auto same = other.groups_.find(group.first);
           return same != other.groups_.end() && same->second->owners == group.second->owners;
         });
}

void TermIndex::podLeft(const kubeapi::Pod& pod, NodeIndex node) {
  forTerms(pod, [&](Group&& key) {
    const auto found = groups_.find(&key);
    if (found == groups_.end()) return;
    Group& group = *found->second;
    group.owners.remove(node);
    if (!group.owners.empty()) return;
    index_.erase(&group, group.term);
    groups_.erase(found);
  });
}

}  // namespace stowage::scheduling
