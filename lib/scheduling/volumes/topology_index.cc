#include "scheduling/volumes/topology_index.h"

#include <algorithm>

namespace stowage::scheduling {
namespace {

using kubeapi::SelectorOperator;
using kubeapi::SelectorRequirement;

// Values one requirement may list to be worth finding by: each costs an entry.
constexpr std::size_t kMaxValues = 64;

// A requirement that holds only for nodes whose label has one of a few values.
const SelectorRequirement* narrowest(const std::vector<SelectorRequirement>& requirements) {
  const SelectorRequirement* best = nullptr;
  for (const SelectorRequirement& requirement : requirements) {
    if (requirement.op != SelectorOperator::kIn || requirement.values.size() > kMaxValues) continue;
    if (best == nullptr || requirement.values.size() < best->values.size()) best = &requirement;
  }
  return best;
}

}  // namespace

void TopologyIndex::addUnder(std::uint32_t number, const SelectorRequirement& requirement) {
  auto& by_value = by_label_[requirement.key];
  for (const base::Symbol& value : requirement.values) {
    Numbers& numbers = by_value[value];
    if (numbers.empty() || numbers.back() != number) numbers.push_back(number);
  }
}

// Terms are ORed; only a selector of one term is surely found under one label.
void TopologyIndex::add(std::uint32_t number,
                        const std::optional<kubeapi::NodeSelector>& selector) {
  const SelectorRequirement* requirement = nullptr;
  if (selector && selector->terms.size() == 1) {
    requirement = narrowest(selector->terms[0].match_expressions);
  }
  if (requirement == nullptr) {
    anywhere_.push_back(number);
  } else {
    addUnder(number, *requirement);
  }
}

void TopologyIndex::add(std::uint32_t number, const kubeapi::LabelSelector& selector) {
  const SelectorRequirement* requirement = narrowest(selector.requirements);
  if (requirement == nullptr) {
    anywhere_.push_back(number);
  } else {
    addUnder(number, *requirement);
  }
}

}  // namespace stowage::scheduling
