#include "cmd/kubectl-stowage/view/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "cmd/kubectl-stowage/view/table.h"
#include "statefulgroup/plan/budgets.h"
#include "statefulgroup/plan/group_plan.h"
#include "statefulgroup/plan/shard_order.h"

namespace stowage::kubectl {

using statefulgroup::Member;
using statefulgroup::MemberState;
using statefulgroup::ShardView;

namespace {

// Why the pod is not further than it is, if it tells.
std::string troubleOf(const kubeapi::MemberPod& pod) {
  constexpr std::size_t kMost = 100;
  const kubeapi::Condition* scheduled = kubeapi::findCondition(pod.conditions, "PodScheduled");
  if (scheduled != nullptr && scheduled->status == "False")
    return oneLine(scheduled->message, kMost);
  for (const auto& container : pod.container_statuses) {
    if (!container.waiting_reason.empty())
      return fmt::format("{} waits: {}", container.name.view(), container.waiting_reason);
  }
  return oneLine(pod.reason, kMost);
}

std::string doingTo(const Member& member, base::WallTime now) {
  // As OperationKind; for people.
  constexpr std::array<std::string_view, 5> kDoing = {"getting a new pod", "leaving",
                                                      "restarting in place", "resizing in place",
                                                      "getting a new volume"};
  return fmt::format("{} for {}", kDoing.at(static_cast<std::size_t>(member.operation->kind)),
                     roughly(now - member.operation->start));
}

std::string noteOf(const Member& member, base::WallTime now) {
  if (!member.foreign.empty()) return "the pod of that name belongs to " + member.foreign;
  if (!member.there()) return member.wanted ? "" : "only its claims are left";
  std::vector<std::string> parts;
  if (!member.wanted) parts.emplace_back("not wanted any more");
  if (member.replacement_asked) parts.emplace_back("a new pod was asked for");
  if (member.operation) parts.push_back(doingTo(member, now));
  if (member.orphan) parts.emplace_back("without an owner");
  if (!member.available()) {
    if (std::string trouble = troubleOf(*member.pod); !trouble.empty())
      parts.push_back(std::move(trouble));
  }
  std::int64_t restarts = 0;  // the sum of what any number of containers may say
  for (const auto& container : member.pod->container_statuses) restarts += container.restarts;
  if (restarts > 0)
    parts.push_back(restarts == 1 ? "restarted once" : fmt::format("{} restarts", restarts));
  return fmt::format("{}", fmt::join(parts, "; "));
}

MemberReport memberReport(const Member& member, const statefulgroup::Names& names,
                          base::WallTime now) {
  MemberReport report;
  report.pod = names.pod(member.replica);
  report.ordinal = member.replica.ordinal;
  report.state = text(member.state);
  report.target = member.target.str();
  if (member.there()) {
    report.role = member.role.role.str();
    report.node = member.pod->node_name.str();
    report.revision = member.revision.str();
    if (member.pod->meta.creation_time) report.age = now - *member.pod->meta.creation_time;
  }
  report.note = noteOf(member, now);
  return report;
}

ShardReport shardReport(const ShardView& shard, const statefulgroup::BudgetSight& budget,
                        const statefulgroup::Observed& observed, base::WallTime now) {
  const statefulgroup::Names names(*observed.group);
  const auto& group = *observed.group;
  ShardReport report;
  report.index = shard.index;
  const bool sleeps = group.spec.run_policy == kubeapi::group::RunPolicy::kHibernated;
  report.floor = sleeps ? 0 : statefulgroup::floorFor(shard, group.spec);
  if (budget.budget) report.disruptions_allowed = budget.budget->disruptions_allowed;
  for (const Member& member : shard.members) {
    report.wanted += member.wanted ? 1 : 0;
    report.available += member.available() ? 1 : 0;
    report.updated += member.there() && member.revision == group.status.update_revision ? 1 : 0;
    if (member.there() && member.operation && report.doing.empty())
      report.doing = fmt::format("{}: {}", names.pod(member.replica), doingTo(member, now));
    report.members.push_back(memberReport(member, names, now));
  }
  for (const auto& status : group.status.shards) {
    if (status.index != shard.index) continue;
    report.leader = status.leader.str();
    report.waits_for = status.reason;
  }
  return report;
}

}  // namespace

GroupReport reportOf(const statefulgroup::Observed& observed, base::WallTime now) {
  const kubeapi::StatefulGroup& group = *observed.group;
  GroupReport report;
  report.ns = group.meta.ns.str();
  report.name = group.meta.name.str();
  report.replicas = group.spec.replicas;
  report.deleting = group.meta.deletion_time.has_value();
  report.paused = group.spec.management_policy == kubeapi::group::ManagementPolicy::kPaused;
  report.hibernated = group.spec.run_policy == kubeapi::group::RunPolicy::kHibernated;
  report.seen = group.status.observed_generation >= group.meta.generation;
  report.current_revision = group.status.current_revision.str();
  report.update_revision = group.status.update_revision.str();
  report.conditions = group.status.conditions;
  for (const auto& revision : observed.revisions)
    report.revisions.emplace_back(revision->meta.name.str(), revision->revision);
  const statefulgroup::Targets targets{group.status.update_revision, group.status.current_revision};
  const statefulgroup::Names names(group);
  const auto sight = statefulgroup::lookAt(observed, names, targets, now);
  report.rolled_back_from = sight.rolled_back_from.str();
  for (std::size_t i = 0; i < sight.shards.size(); ++i)
    report.shards.push_back(shardReport(sight.shards[i], sight.budgets.shards[i], observed, now));
  return report;
}

std::string revisionLabel(const GroupReport& report, const std::string& name) {
  for (const auto& [known, number] : report.revisions) {
    if (known == name) return std::to_string(number);
  }
  return name;
}

}  // namespace stowage::kubectl
