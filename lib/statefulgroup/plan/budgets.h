// The disruption budgets of a group: what each shard's must say now, what it says, and whether
// somebody else's is in the way. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "statefulgroup/plan/shard_view.h"

namespace stowage::statefulgroup {

struct BudgetSight {
  int shard = 0;
  std::string name;
  std::optional<int> wanted;               // minAvailable; nullopt: there is to be none
  kubeapi::PodDisruptionBudgetPtr budget;  // ours; null: none
  std::string foreign;                     // "Kind/name" whose budget has our name
  bool drifted = false;                    // somebody changed what else it says
  bool orphan = false;                     // `budget` has no owner yet: to be taken over

  // It says what it must.
  [[nodiscard]] bool right() const;
  // And the disruption controller has taken notice of it, so that evictions are judged by it.
  [[nodiscard]] bool inStep() const;
  kubeapi::group::UnhealthyEviction policy = kubeapi::group::UnhealthyEviction::kIfHealthyBudget;
};

struct BudgetsSight {
  std::vector<BudgetSight> shards;  // as the shards that it was made of
  // Another budget that selects a pod of the group: evictions of that pod fail.
  std::string conflict;
};

BudgetsSight viewBudgets(const Observed& observed, const Names& names,
                         const std::vector<ShardView>& shards);

}  // namespace stowage::statefulgroup
