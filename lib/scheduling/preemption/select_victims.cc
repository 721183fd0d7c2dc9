#include "scheduling/preemption/select_victims.h"

#include <algorithm>
#include <utility>

#include "scheduling/preemption/victim_order.h"

namespace stowage::scheduling {
namespace {

using kubeapi::PodPtr;

void sortByImportance(std::vector<PodPtr>& pods) {
  std::sort(pods.begin(), pods.end(),
            [](const PodPtr& a, const PodPtr& b) { return moreImportant(*a, *b); });
}

// Puts each back that the pod can live with; the others are the victims.
std::size_t reprieve(WhatIf& node, const std::vector<PodPtr>& pods, std::vector<PodPtr>& victims) {
  std::size_t lost = 0;
  for (const PodPtr& pod : pods) {
    node.putBack(pod);
    if (node.fits()) continue;
    node.takeOff(pod);
    victims.push_back(pod);
    ++lost;
  }
  return lost;
}

}  // namespace

Victims selectVictims(WhatIf& node, std::vector<PodPtr> evictable,
                      const DisruptionBudgets& budgets) {
  Victims result;
  if (evictable.empty()) return result;
  for (const PodPtr& pod : evictable) node.takeOff(pod);
  if (!node.fits()) {
    result.outcome = Victims::Outcome::kDoesNotFit;
    return result;
  }
  sortByImportance(evictable);
  BudgetLedger ledger(budgets);
  std::vector<PodPtr> overdrawing;
  std::vector<PodPtr> others;
  for (PodPtr& pod : evictable) {
    (ledger.overdraws(*pod) ? overdrawing : others).push_back(std::move(pod));
  }
  result.violations = reprieve(node, overdrawing, result.pods);
  reprieve(node, others, result.pods);
  sortByImportance(result.pods);
  result.outcome = result.pods.empty() ? Victims::Outcome::kNoneNeeded : Victims::Outcome::kFound;
  return result;
}

}  // namespace stowage::scheduling
