#include "cmd/kubectl-stowage/view/replacement.h"

#include <fmt/format.h>

#include <algorithm>

#include "statefulgroup/plan/group_plan.h"
#include "statefulgroup/plan/shard_order.h"

namespace stowage::kubectl {

using statefulgroup::GroupMode;
using statefulgroup::Member;
using statefulgroup::MemberState;
using statefulgroup::ShardView;

namespace {

// The operator has to be there for the successor.
std::string modeRefusal(const kubeapi::StatefulGroup& group) {
  switch (statefulgroup::modeOf(group)) {
    case GroupMode::kPaused:
      return "the group is paused, so that nobody would make the new pod; resume it first";
    case GroupMode::kHibernated:
      return "the group is hibernated: its pods do not come back";
    case GroupMode::kStopping:
      return "the group is being deleted: its pods do not come back";
    case GroupMode::kRunning:
      break;
  }
  return {};
}

std::string memberRefusal(const ShardView& shard, const Member& member,
                          const kubeapi::group::Spec& spec) {
  if (member.state == MemberState::kTerminating) return "it is terminating already";
  if (!member.wanted) return "it is not wanted any more, and leaves";
  if (member.operation)
    return fmt::format("it is being worked on already ({})", text(member.operation->kind));
  if (member.state == MemberState::kPending || member.state == MemberState::kFailed) return {};
  if (!member.available() && statefulgroup::knowsNewestTermAlone(shard, member))
    return fmt::format("it alone knows term {}; what it has may be lost with its pod",
                       member.role.term);
  const int without = statefulgroup::availableWithout(shard, member);
  const int floor = statefulgroup::floorFor(shard, spec);
  if (without >= floor) return {};
  std::string why =
      fmt::format("shard {} cannot spare it: {} voters must stay available, and {} would be",
                  shard.index, floor, without);
  if (spec.replicas == 1) why += "; disruption.singleReplica Allow consents to the downtime";
  return why;
}

}  // namespace

Replacement judgeReplacement(const statefulgroup::Observed& observed, const kubeapi::MemberPod& pod,
                             base::WallTime now) {
  const kubeapi::StatefulGroup& group = *observed.group;
  Replacement result;
  result.refusal = modeRefusal(group);
  if (!result.refusal.empty()) return result;
  const statefulgroup::Targets targets{group.status.update_revision, group.status.current_revision};
  const auto sight = statefulgroup::lookAt(observed, statefulgroup::Names(group), targets, now);
  for (const ShardView& shard : sight.shards) {
    for (const Member& member : shard.members) {
      if (!member.there() || !(member.pod->meta.uid == pod.meta.uid)) continue;
      result.refusal = memberRefusal(shard, member, group.spec);
      const bool leads =
          std::any_of(group.spec.roles.begin(), group.spec.roles.end(), [&](const auto& role) {
            return !role.name.empty() && role.name == member.role.role &&
                   role.cardinality == kubeapi::group::RoleCardinality::kOne;
          });
      if (leads)
        result.remarks.push_back(fmt::format(
            "it is the {} of shard {}, which goes to another first where switchover is set",
            member.role.role.view(), shard.index));
      if (member.outdated())
        result.remarks.push_back(fmt::format("it comes back at revision {}", member.target.view()));
      return result;
    }
  }
  result.refusal = "its name is not that of a member";
  return result;
}

}  // namespace stowage::kubectl
