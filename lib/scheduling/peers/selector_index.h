// SelectorIndex: finds those of many terms that may select a pod, by the pod's namespace and
// labels, so that the cost follows the terms that have something to do with the pod. A term with a
// "key is value" requirement is found by that label; others by their namespace alone. What is found
// must still be asked: it is a superset. Does not own its entries. Single-threaded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <vector>

#include "kubeapi/meta.h"
#include "scheduling/hashing.h"
#include "scheduling/peers/pod_terms.h"

namespace stowage::scheduling {

template <typename T>
class SelectorIndex {
 public:
  void insert(T* entry, const PodTerm& term) {
    forPlaces(term, [&](const Place& place) { lists_[place].push_back(entry); });
  }
  void erase(T* entry, const PodTerm& term) {
    forPlaces(term, [&](const Place& place) {
      const auto found = lists_.find(place);
      if (found == lists_.end()) return;
      auto& list = found->second;
      const auto at = std::find(list.begin(), list.end(), entry);
      if (at == list.end()) return;
      *at = list.back();
      list.pop_back();
      if (list.empty()) lists_.erase(found);
    });
  }
  // Calls `use` once for each term that may select a pod with these.
  template <typename Use>
  void candidates(const Symbol& ns, const kubeapi::Labels& labels, const Use& use) const {
    if (lists_.empty()) return;
    static const Symbol any;
    for (const Symbol* scope : {&ns, &any}) {
      if (scope == &ns && ns.empty()) continue;  // no real namespace: it would be met twice
      visit({*scope, Symbol(), Symbol()}, use);
      for (const auto& [key, value] : labels) {
        if (!key.empty()) visit({*scope, key, value}, use);
      }
    }
  }

 private:
  struct Place {
    Symbol ns;     // empty: any namespace
    Symbol key;    // empty: found by namespace alone
    Symbol value;  // of key
    friend bool operator==(const Place&, const Place&) = default;
  };
  struct Hash {
    std::size_t operator()(const Place& place) const noexcept {
      HashBuilder hash;
      hash.add(place.ns);
      hash.add(place.key);
      hash.add(place.value);
      return hash.value();
    }
  };

  template <typename Use>
  void visit(const Place& place, const Use& use) const {
    const auto found = lists_.find(place);
    if (found == lists_.end()) return;
    for (T* entry : found->second) use(*entry);
  }

  // Each pod meets an entry in one place at most: a pod has one namespace and one value per key.
  template <typename Use>
  static void forPlaces(const PodTerm& term, const Use& use) {
    if (!term.selector) return;
    Place place;
    for (const auto& requirement : term.selector->requirements) {
      if (requirement.op != kubeapi::SelectorOperator::kIn || requirement.values.size() != 1) {
        continue;
      }
      place.key = requirement.key;
      place.value = requirement.values.front();
      break;
    }
    if (term.namespace_selector) {
      use(place);
      return;
    }
    for (const Symbol& ns : term.namespaces) {
      place.ns = ns;
      use(place);
    }
  }

  std::unordered_map<Place, std::vector<T*>, Hash> lists_;
};

}  // namespace stowage::scheduling
