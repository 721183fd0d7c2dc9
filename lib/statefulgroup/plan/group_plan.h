// The plan for a group: the plans of its shards, kept in step with each other. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "statefulgroup/plan/budgets.h"
#include "statefulgroup/plan/shard_plan.h"

namespace stowage::statefulgroup {

// The reason of condition Progressing by which a pass knows that the last one went back.
inline constexpr std::string_view kRolledBack = "RolledBack";

// A group as a pass sees it.
struct GroupSight {
  const Observed& observed;
  Targets targets;
  WallTime now{};
  std::vector<ShardView> shards;
  BudgetsSight budgets;
  // The revision of the spec, when its rollout has failed and pods go back to the last good one:
  // then `targets` has only that one.
  Symbol rolled_back_from = {};
};
GroupSight viewGroup(const Observed& observed, const Names& names, const Targets& targets,
                     WallTime now);

// Why the rollout of the sight goes no further; empty: it goes.
std::string haltOf(const GroupSight& sight);
// Whether pods are to go back: the rollout has halted now, or had for this very generation, and the
// spec wants it so.
bool mustRollBack(const GroupSight& sight);

// The group as it is to be taken: at the last good revision when its rollout failed.
GroupSight lookAt(const Observed& observed, const Names& names, const Targets& targets,
                  WallTime now);

enum class GroupMode : std::uint8_t { kRunning, kPaused, kHibernated, kStopping };
// kStopping: the group is being deleted, and its pods with it.
GroupMode modeOf(const kubeapi::StatefulGroup& group);

struct GroupPlan {
  GroupMode mode = GroupMode::kRunning;
  std::vector<ShardPlan> shards;  // as those of the sight
  bool stopped = false;           // kStopping: no pod is left
  std::string halted;             // why the rollout goes no further; empty: it goes
};

GroupPlan planGroup(const GroupSight& sight);

// Since when the member that an update of the shard waits for has been in flight, if there is one.
std::optional<WallTime> updateInFlightSince(const ShardView& shard,
                                            const kubeapi::group::Spec& spec);

}  // namespace stowage::statefulgroup
