// What somebody who looks at a group can do about what they see; docs/statefulgroup.md has the same
// for every condition.
#include <fmt/format.h>

#include <string_view>

#include "cmd/kubectl-stowage/view/report.h"

namespace stowage::kubectl {

namespace {

bool says(const GroupReport& report, std::string_view type, std::string_view reason) {
  const auto* found = kubeapi::findCondition(report.conditions, type);
  return found != nullptr && found->status == "False" && found->reason == reason;
}

// The first member that is wanted and does not serve; one with a pod before one without.
const MemberReport* missing(const GroupReport& report) {
  const MemberReport* absent = nullptr;
  for (const ShardReport& shard : report.shards) {
    for (const MemberReport& member : shard.members) {
      if (member.state == "available") continue;
      if (member.age) return &member;
      if (absent == nullptr) absent = &member;
    }
  }
  return absent;
}

}  // namespace

std::string adviceFor(const GroupReport& report) {
  if (!report.seen || report.deleting || report.hibernated) return {};
  const std::string group = fmt::format("{} -n {}", report.name, report.ns);
  if (says(report, "TemplateValid", "Rejected"))
    return "mend spec.template, or: kubectl stowage rollback " + group;
  if (says(report, "Available", "QuorumLost")) {
    const MemberReport* member = missing(report);
    return member == nullptr || !member->age
               ? "bring the missing members back; nothing else is taken away meanwhile"
               : fmt::format(
                     "bring the missing members back: kubectl describe pod {} -n {}; "
                     "nothing else is taken away meanwhile",
                     member->pod, report.ns);
  }
  if (says(report, "Progressing", "RolledBack"))
    return "mend spec.template; the next change of the spec is tried anew";
  if (says(report, "Progressing", "ProgressDeadlineExceeded"))
    return "mend spec.template, or: kubectl stowage rollback " + group;
  if (says(report, "BudgetsSynced", "Conflict")) return "delete the other budget";
  if (report.paused) return "kubectl stowage resume " + group;
  return {};
}

}  // namespace stowage::kubectl
