#include "statefulgroup/plan/stop_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace stowage::statefulgroup {

using kubeapi::group::RoleCardinality;
using kubeapi::group::RoleQuorum;
using kubeapi::group::TerminationOrder;

namespace {

int stageOf(const Member& member, const kubeapi::StatefulGroup& group) {
  if (group.spec.termination_order == TerminationOrder::kUnordered) return 0;
  for (const auto& role : group.spec.roles) {
    if (!(role.name == member.role.role)) continue;
    if (role.cardinality == RoleCardinality::kOne) return 2;
    return role.quorum == RoleQuorum::kObserves ? 0 : 1;
  }
  return 1;
}

}  // namespace

ShardPlan planStop(const ShardView& shard, const kubeapi::StatefulGroup& group) {
  ShardPlan plan;
  int stage = 3;
  for (const Member& member : shard.members) {
    if (member.there()) stage = std::min(stage, stageOf(member, group));
  }
  for (const Member& member : shard.members) {
    if (!member.there() || stageOf(member, group) != stage) continue;
    plan.work = ShardWork::kScalingIn;
    plan.waits_for = fmt::format("{} is stopping", member.pod->meta.name.view());
    if (member.state == MemberState::kTerminating) continue;
    plan.actions.push_back(
        {RemovePod{member.replica, member.pod, Removal::kDelete, false, {}},
         group.meta.deletion_time ? "the group is being deleted" : "the group is hibernated"});
  }
  return plan;
}

}  // namespace stowage::statefulgroup
