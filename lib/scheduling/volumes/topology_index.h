// TopologyIndex: numbered things that are usable from some nodes only (volumes with node affinity,
// storage pools), found by the labels of a node without trying them all. Things that ask for one of
// some values of one label are found by that label; the rest is tried on every node. Only narrows
// down: who asks still checks the whole selector. Built once, then constant; safe to read from any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kubeapi/meta.h"
#include "kubeapi/selectors.h"

namespace stowage::scheduling {

class TopologyIndex {
 public:
  // Numbers must rise from call to call.
  void add(std::uint32_t number, const std::optional<kubeapi::NodeSelector>& selector);
  void add(std::uint32_t number, const kubeapi::LabelSelector& selector);

  // Calls visit(number) in rising order, with no repeats, for everything that may match these
  // labels, until it returns true. Returns whether one did.
  template <typename Visit>
  bool findFirst(const kubeapi::Labels& labels, const Visit& visit) const;

 private:
  using Numbers = std::vector<std::uint32_t>;
  void addUnder(std::uint32_t number, const kubeapi::SelectorRequirement& requirement);

  Numbers anywhere_;
  std::unordered_map<base::Symbol, std::unordered_map<base::Symbol, Numbers>> by_label_;
};

template <typename Visit>
bool TopologyIndex::findFirst(const kubeapi::Labels& labels, const Visit& visit) const {
  struct Run {
    const std::uint32_t* next;
    const std::uint32_t* end;
  };
  std::vector<Run> runs;
  runs.reserve(by_label_.size() + 1);
  if (!anywhere_.empty()) runs.push_back({anywhere_.data(), anywhere_.data() + anywhere_.size()});
  for (const auto& [key, by_value] : by_label_) {
    const base::Symbol* value = labels.find(key);
    if (value == nullptr) continue;
    const auto found = by_value.find(*value);
    if (found == by_value.end()) continue;
    runs.push_back({found->second.data(), found->second.data() + found->second.size()});
  }
  while (!runs.empty()) {
    std::size_t lowest = 0;
    for (std::size_t i = 1; i < runs.size(); ++i) {
      if (*runs[i].next < *runs[lowest].next) lowest = i;
    }
    if (visit(*runs[lowest].next)) return true;
    if (++runs[lowest].next == runs[lowest].end) {
      runs[lowest] = runs.back();
      runs.pop_back();
    }
  }
  return false;
}

}  // namespace stowage::scheduling
