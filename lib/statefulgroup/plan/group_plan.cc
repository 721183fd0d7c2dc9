#include "statefulgroup/plan/group_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "statefulgroup/labels.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/plan/stop_plan.h"
#include "statefulgroup/plan/waiting.h"

namespace stowage::statefulgroup {

using kubeapi::group::ManagementPolicy;
using kubeapi::group::PodUpdatePolicy;
using kubeapi::group::RunPolicy;
using kubeapi::group::Spec;

namespace {

// Why no member of the shard may be taken away of one's own will; empty: one may.
std::string voluntaryOff(const GroupSight& sight, std::size_t i) {
  const BudgetSight& budget = sight.budgets.shards[i];
  if (!budget.foreign.empty())
    return fmt::format("budget {} belongs to {}", budget.name, budget.foreign);
  if (!sight.budgets.conflict.empty())
    return fmt::format("budget {} selects pods of the group, too: no eviction can succeed",
                       sight.budgets.conflict);
  if (!budget.inStep()) return fmt::format("budget {} is not in force yet", budget.name);
  return {};
}

// While containers are restarted in place, the budget is raised by what is missing, so that no
// eviction takes another member meanwhile: what it counts has to be that much before.
std::string restartsOff(const BudgetSight& budget) {
  if (!budget.wanted || !budget.budget || budget.budget->current_healthy >= *budget.wanted)
    return {};
  return fmt::format("budget {} counts {} healthy pods and wants {} while one is restarted",
                     budget.name, budget.budget->current_healthy, *budget.wanted);
}

// Nothing else tells that a member has not come back in time.
void lookAtDeadline(const GroupSight& sight, std::size_t i, ShardPlan& plan) {
  const Spec& spec = sight.observed.group->spec;
  const auto since = updateInFlightSince(sight.shards[i], spec);
  if (!since) return;
  const auto deadline = std::chrono::seconds(rollingUpdateOf(spec).progress_deadline_seconds);
  // The moment after it.
  const base::Duration left = *since + deadline - sight.now + std::chrono::milliseconds(1);
  if (left > base::Duration::zero())
    plan.look_again = plan.look_again ? std::min(*plan.look_again, left) : left;
}

GroupPlan planRunning(const GroupSight& sight) {
  const Spec& spec = sight.observed.group->spec;
  GroupPlan plan;
  plan.halted = haltOf(sight);
  int in_flight =
      static_cast<int>(std::count_if(sight.shards.begin(), sight.shards.end(), updateInFlight));
  for (std::size_t i = 0; i < sight.shards.size(); ++i) {
    const bool flying = updateInFlight(sight.shards[i]);
    ShardRules rules{*sight.observed.group,
                     sight.now,
                     voluntaryOff(sight, i),
                     restartsOff(sight.budgets.shards[i]),
                     {},
                     !plan.halted.empty()};
    if (!plan.halted.empty()) {
      rules.updates_off = plan.halted;
    } else if (!flying && in_flight >= maxUnavailableShards(spec)) {
      rules.updates_off = kOtherShards;
    }
    plan.shards.push_back(planShard(sight.shards[i], rules));
    lookAtDeadline(sight, i, plan.shards.back());
    if (!flying && begins(plan.shards.back())) ++in_flight;
  }
  return plan;
}

}  // namespace

// A rollout that does not come to its end anywhere goes on nowhere else.
std::string haltOf(const GroupSight& sight) {
  const auto deadline =
      std::chrono::seconds(rollingUpdateOf(sight.observed.group->spec).progress_deadline_seconds);
  for (const ShardView& shard : sight.shards) {
    const auto since = updateInFlightSince(shard, sight.observed.group->spec);
    if (since && sight.now - *since > deadline)
      return fmt::format("shard {} has not come back from its update within {} s", shard.index,
                         deadline.count());
  }
  return {};
}

bool mustRollBack(const GroupSight& sight) {
  const kubeapi::StatefulGroup& group = *sight.observed.group;
  if (rollingUpdateOf(group.spec).on_failure != kubeapi::group::RolloutFailure::kRollback ||
      sight.targets.current.empty() || sight.targets.current == sight.targets.update)
    return false;
  const kubeapi::Condition* progressing =
      kubeapi::findCondition(group.status.conditions, "Progressing");
  const bool before = progressing != nullptr && progressing->reason == kRolledBack &&
                      progressing->observed_generation == group.meta.generation;
  return before || !haltOf(sight).empty();
}

GroupMode modeOf(const kubeapi::StatefulGroup& group) {
  if (group.meta.deletion_time) return GroupMode::kStopping;
  if (group.spec.management_policy == ManagementPolicy::kPaused) return GroupMode::kPaused;
  return group.spec.run_policy == RunPolicy::kHibernated ? GroupMode::kHibernated
                                                         : GroupMode::kRunning;
}

std::optional<WallTime> updateInFlightSince(const ShardView& shard, const Spec& spec) {
  // A resize that does not come is given up, and the rollout goes on.
  const bool gives_up = rollingUpdateOf(spec).pod_update_policy != PodUpdatePolicy::kInPlaceOnly;
  std::optional<WallTime> since;
  for (const Member& member : shard.members) {
    if (!member.wanted || !member.there() || member.outdated()) continue;
    const bool changed = isBeingChanged(member);
    if (changed ? gives_up && member.settling.isResize() : member.available()) continue;
    const auto begin = changed ? member.operation->start : member.pod->meta.creation_time;
    if (begin) since = since ? std::min(*since, *begin) : *begin;
  }
  return since;
}

GroupSight viewGroup(const Observed& observed, const Names& names, const Targets& targets,
                     WallTime now) {
  GroupSight sight{observed, targets, now, viewShards(observed, names, targets, now), {}};
  sight.budgets = viewBudgets(observed, names, sight.shards);
  return sight;
}

GroupSight lookAt(const Observed& observed, const Names& names, const Targets& targets,
                  WallTime now) {
  GroupSight sight = viewGroup(observed, names, targets, now);
  if (modeOf(*observed.group) != GroupMode::kRunning || !mustRollBack(sight)) return sight;
  GroupSight back = viewGroup(observed, names, {targets.current, targets.current}, now);
  back.rolled_back_from = targets.update;
  return back;
}

GroupPlan planGroup(const GroupSight& sight) {
  const kubeapi::StatefulGroup& group = *sight.observed.group;
  const GroupMode mode = modeOf(group);
  GroupPlan plan;
  switch (mode) {
    case GroupMode::kRunning:
      plan = planRunning(sight);
      break;
    case GroupMode::kPaused:
      plan.shards.resize(sight.shards.size());
      break;
    case GroupMode::kHibernated:
    case GroupMode::kStopping:
      plan.stopped = true;
      for (const ShardView& shard : sight.shards) {
        plan.shards.push_back(planStop(shard, group));
        plan.stopped = plan.stopped && shard.countPods() == 0;
      }
      break;
  }
  plan.mode = mode;
  return plan;
}

}  // namespace stowage::statefulgroup
