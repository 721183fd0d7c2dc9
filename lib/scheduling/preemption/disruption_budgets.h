// DisruptionBudgets: every PodDisruptionBudget of the cluster, found by the pods they protect, and
// BudgetLedger: how much of them a choice of victims has used up. Budgets are honoured softly: they
// order victims and nodes, and never forbid. Single-threaded: the scheduling thread owns both.
// Source of the semantics: kube-scheduler plugins/defaultpreemption/default_preemption.go
// (filterPodsWithPDBViolation), v1.36.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kubeapi/pod.h"
#include "kubeapi/policy.h"

namespace stowage::scheduling {

using base::Symbol;

class DisruptionBudgets {
 public:
  // So many budgets are looked at for one pod, and selectors of so many entries. Tenants write
  // both; a pod beyond these bounds counts as protected by a budget that is used up.
  static constexpr std::size_t kMaxLookedAt = 256;
  static constexpr std::size_t kMaxSelectorLength = 1024;

  // Whether the budgets here are those of the cluster: the first list has arrived, and the server
  // has not refused them since. Nobody may be evicted otherwise, as the one budget that matters
  // could be missing.
  void setKnown(bool known = true) { known_ = known; }
  [[nodiscard]] bool known() const { return known_; }

  void set(const kubeapi::PodDisruptionBudgetPtr& budget);
  void remove(const Symbol& ns, const Symbol& name);
  [[nodiscard]] std::size_t size() const { return size_; }

  // Calls `visit` with each budget that counts an eviction of this pod. False when there are more
  // than may be looked at.
  bool visitProtecting(const kubeapi::Pod& pod,
                       const std::function<void(const kubeapi::PodDisruptionBudget&)>& visit) const;

 private:
  using Ptr = kubeapi::PodDisruptionBudgetPtr;
  using LabelKey = std::pair<Symbol, Symbol>;
  struct Room {
    std::unordered_map<Symbol, Ptr> by_name;
    // Budgets that ask for one value of a label are found by it; the others are tried one by one.
    std::map<LabelKey, std::vector<Ptr>> by_label;
    std::vector<Ptr> others;
  };
  static std::vector<Ptr>* shelfOf(Room& room, const kubeapi::PodDisruptionBudget& budget);
  void take(Room& room, const Ptr& budget);

  std::unordered_map<Symbol, Room> rooms_;  // by namespace
  std::size_t size_ = 0;
  bool known_ = false;
};

// Counts evictions of one node's pods against the budgets, on a copy of what they allow.
class BudgetLedger {
 public:
  explicit BudgetLedger(const DisruptionBudgets& budgets) : budgets_(budgets) {}
  // Counts the pod. True when some budget that protects it is overdrawn by it.
  bool overdraws(const kubeapi::Pod& pod);

 private:
  const DisruptionBudgets& budgets_;
  std::unordered_map<const kubeapi::PodDisruptionBudget*, std::int64_t> left_;
};

}  // namespace stowage::scheduling
