#include "statefulgroup/plan/budgets.h"

#include <algorithm>

#include "kubeapi/selectors.h"
#include "statefulgroup/quorum.h"

namespace stowage::statefulgroup {

using kubeapi::PodDisruptionBudget;
using kubeapi::group::RunPolicy;
using kubeapi::group::Spec;
using kubeapi::group::UnhealthyEviction;

namespace {

std::optional<int> wantedBudget(const Spec& spec, const ShardView& shard) {
  if (!shard.wanted) return std::nullopt;
  const auto steady = minAvailable(spec, {shard.votersThere(), 0, shard.countPods()});
  if (!steady) return std::nullopt;
  if (spec.run_policy == RunPolicy::kHibernated) return 0;
  // No eviction is asked for a restart in place: what it takes away is taken off here.
  const bool restarts =
      std::any_of(shard.members.begin(), shard.members.end(), [](const Member& member) {
        return (member.wanted || member.available()) && member.operation &&
               member.operation->kind == OperationKind::kInPlace;
      });
  return restarts ? *steady + 1 : *steady;
}

bool selectsSome(const PodDisruptionBudget& budget, const std::vector<ShardView>& shards) {
  return std::any_of(shards.begin(), shards.end(), [&](const ShardView& shard) {
    return std::any_of(shard.members.begin(), shard.members.end(), [&](const Member& member) {
      return member.there() && kubeapi::matches(budget.selector, member.pod->meta.labels);
    });
  });
}

}  // namespace

bool BudgetSight::right() const {
  if (!wanted) return budget == nullptr;
  if (budget == nullptr || budget->meta.deletion_time || drifted || orphan) return false;
  const std::string_view said = budget->unhealthy_pod_eviction_policy.view();
  return budget->min_available == *wanted &&
         (said.empty() ? kubeapi::group::text(UnhealthyEviction::kIfHealthyBudget) : said) ==
             kubeapi::group::text(policy);
}

bool BudgetSight::inStep() const {
  return right() && (budget == nullptr || budget->observed_generation >= budget->meta.generation);
}

BudgetsSight viewBudgets(const Observed& observed, const Names& names,
                         const std::vector<ShardView>& shards) {
  BudgetsSight sight;
  for (const ShardView& shard : shards) {
    BudgetSight& one = sight.shards.emplace_back();
    one.shard = shard.index;
    one.name = names.budget(shard.index);
    one.wanted = wantedBudget(observed.group->spec, shard);
    one.policy = observed.group->spec.disruption.unhealthy_eviction;
  }
  for (const auto& budget : observed.budgets) {
    const auto ours =
        std::find_if(sight.shards.begin(), sight.shards.end(),
                     [&](const BudgetSight& one) { return one.name == budget->meta.name.view(); });
    if (isOwnedBy(budget->meta, *observed.group)) {
      if (ours != sight.shards.end()) ours->budget = budget;
      continue;
    }
    if (ours != sight.shards.end() && isOrphanOf(budget->meta, *observed.group)) {
      ours->budget = budget;
      ours->orphan = true;
      continue;
    }
    if (ours != sight.shards.end()) {
      const kubeapi::OwnerReference* owner = controllerOf(budget->meta);
      ours->foreign = owner == nullptr ? "somebody" : owner->kind.str() + "/" + owner->name.str();
    }
    if (sight.conflict.empty() && selectsSome(*budget, shards))
      sight.conflict = budget->meta.name.str();
  }
  return sight;
}

}  // namespace stowage::statefulgroup
