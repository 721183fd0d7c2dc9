// TermIndex: the terms of affinity between pods that placed pods carry, asked the other way round:
// which of them are about this pod to be placed, and on which nodes are their owners? Equal terms
// are held once, so the cost follows the number of workloads and not of pods. Single-threaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "scheduling/peers/pod_terms.h"
#include "scheduling/peers/selector_index.h"
#include "scheduling/peers/sparse_counts.h"

namespace stowage::scheduling {

enum class TermKind : std::uint8_t { kRequiredAffinity, kRequiredAnti, kPreferred };

class TermIndex {
 public:
  struct Group {
    TermKind kind = TermKind::kRequiredAnti;
    std::int64_t weight = 0;  // kPreferred; negative for anti-affinity
    Symbol topology_key;
    PodTerm term;
    SparseCounts owners;  // pods with this term, by node
  };

  explicit TermIndex(const NamespaceLabels& namespaces) : namespaces_(namespaces) {}
  TermIndex(const TermIndex&) = delete;
  TermIndex& operator=(const TermIndex&) = delete;

  void podPlaced(const kubeapi::Pod& pod, placement::NodeIndex node);
  void podLeft(const kubeapi::Pod& pod, placement::NodeIndex node);

  // Calls `use` for each term that selects `incoming`.
  template <typename Use>
  void matching(const kubeapi::Pod& incoming, const Use& use) const {
    if (groups_.empty()) return;
    index_.candidates(incoming.meta.ns, incoming.meta.labels, [&](const Group& group) {
      if (selects(group.term, incoming, namespaces_, UnknownNamespace::kNoLabels)) use(group);
    });
  }
  [[nodiscard]] std::size_t size() const { return groups_.size(); }
  // Whether both hold the same terms of the same owners (debug and tests).
  [[nodiscard]] bool sameAs(const TermIndex& other) const;

 private:
  struct Hash {
    std::size_t operator()(const Group* group) const noexcept;
  };
  struct Equal {
    bool operator()(const Group* a, const Group* b) const noexcept;
  };
  template <typename Use>
  static void forTerms(const kubeapi::Pod& pod, const Use& use);

  const NamespaceLabels& namespaces_;
  std::unordered_map<const Group*, std::unique_ptr<Group>, Hash, Equal> groups_;
  SelectorIndex<Group> index_;
};

}  // namespace stowage::scheduling
