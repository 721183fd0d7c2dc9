#include "scheduling/preemption/disruption_budgets.h"

#include <algorithm>

namespace stowage::scheduling {
namespace {

using kubeapi::PodDisruptionBudget;

// The label value that the selector cannot do without; nullptr when it names none.
const kubeapi::SelectorRequirement* oneValue(const kubeapi::LabelSelector& selector) {
  for (const auto& requirement : selector.requirements) {
    if (requirement.op == kubeapi::SelectorOperator::kIn && requirement.values.size() == 1) {
      return &requirement;
    }
  }
  return nullptr;
}

std::size_t lengthOf(const kubeapi::LabelSelector& selector) {
  std::size_t length = 0;
  for (const auto& requirement : selector.requirements) length += 1 + requirement.values.size();
  return length;
}

bool tooLong(const PodDisruptionBudget& budget) {
  return lengthOf(*budget.selector) > DisruptionBudgets::kMaxSelectorLength;
}

// An eviction that the API server has granted already is in the budget's numbers.
bool granted(const PodDisruptionBudget& budget, const Symbol& pod) {
  return kubeapi::findDisrupted(budget, pod) != nullptr;
}

}  // namespace

// nullptr: an absent or empty selector protects nothing here.
std::vector<DisruptionBudgets::Ptr>* DisruptionBudgets::shelfOf(Room& room,
                                                                const PodDisruptionBudget& budget) {
  if (!budget.selector || budget.selector->requirements.empty()) return nullptr;
  const auto* requirement = tooLong(budget) ? nullptr : oneValue(*budget.selector);
  if (requirement == nullptr) return &room.others;
  return &room.by_label[{requirement->key, requirement->values.front()}];
}

void DisruptionBudgets::take(Room& room, const Ptr& budget) {
  std::vector<Ptr>* shelf = shelfOf(room, *budget);
  if (shelf == nullptr) return;
  std::erase(*shelf, budget);
  if (shelf->empty() && shelf != &room.others) {
    const auto* requirement = oneValue(*budget->selector);
    room.by_label.erase({requirement->key, requirement->values.front()});
  }
}

void DisruptionBudgets::set(const Ptr& budget) {
  if (budget == nullptr) return;
  Room& room = rooms_[budget->meta.ns];
  Ptr& known = room.by_name[budget->meta.name];
  if (known != nullptr) {
    take(room, known);
  } else {
    ++size_;
  }
  known = budget;
  if (std::vector<Ptr>* shelf = shelfOf(room, *budget)) shelf->push_back(budget);
}

void DisruptionBudgets::remove(const Symbol& ns, const Symbol& name) {
  const auto room = rooms_.find(ns);
  if (room == rooms_.end()) return;
  const auto found = room->second.by_name.find(name);
  if (found == room->second.by_name.end()) return;
  take(room->second, found->second);
  room->second.by_name.erase(found);
  --size_;
  if (room->second.by_name.empty()) rooms_.erase(room);
}

bool DisruptionBudgets::visitProtecting(
    const kubeapi::Pod& pod, const std::function<void(const PodDisruptionBudget&)>& visit) const {
  if (pod.meta.labels.empty()) return true;  // no selector selects a pod without labels, here
  const auto found = rooms_.find(pod.meta.ns);
  if (found == rooms_.end()) return true;
  const Room& room = found->second;
  std::size_t looked_at = 0;
  const auto look = [&](const std::vector<Ptr>& budgets) {
    for (const Ptr& budget : budgets) {
      if (++looked_at > kMaxLookedAt || tooLong(*budget)) return false;
      if (!kubeapi::matches(*budget->selector, pod.meta.labels)) continue;
      if (!granted(*budget, pod.meta.name)) visit(*budget);
    }
    return true;
  };
  for (const auto& [key, value] : pod.meta.labels) {
    const auto shelf = room.by_label.find(LabelKey(key, value));
    if (shelf != room.by_label.end() && !look(shelf->second)) return false;
  }
  return look(room.others);
}

bool BudgetLedger::overdraws(const kubeapi::Pod& pod) {
  bool overdrawn = false;
  const bool all = budgets_.visitProtecting(pod, [&](const PodDisruptionBudget& budget) {
    const auto at = left_.try_emplace(&budget, budget.disruptions_allowed).first;
    overdrawn |= --at->second < 0;
  });
  return overdrawn || !all;
}

}  // namespace stowage::scheduling
