#include "statefulgroup/status/status_events.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "statefulgroup/plan/group_plan.h"

namespace stowage::statefulgroup {

using kubeapi::Condition;
using kubeapi::group::Status;

namespace {

constexpr std::string_view kDeadline = "ProgressDeadlineExceeded";

// A condition that gets this reason is told as that event.
struct Turn {
  const char* type;
  std::string_view reason;
  const char* event;
  const char* action;
};
constexpr std::array<Turn, 9> kTurns = {{
    {"Available", "QuorumLost", "QuorumLost", "Watching"},
    {"TemplateValid", "Rejected", "TemplateRejected", "Validating"},
    {"BudgetsSynced", "Conflict", "BudgetConflict", "Protecting"},
    {"Progressing", kDeadline, "RolloutStuck", "Updating"},
    {"Progressing", kRolledBack, "RolloutRolledBack", "Updating"},
    {"Degraded", "NodeLost", "ReplicaLost", "Watching"},
    {"Degraded", "VolumeLost", "ReplicaLost", "Watching"},
    {"Spread", "TooFewDomains", "TooFewDomains", "Placing"},
    {"StorageResizing", "Infeasible", "ExpansionFailed", "Expanding"},
}};

bool has(const Status& status, const char* type, std::string_view reason) {
  const Condition* condition = kubeapi::findCondition(status.conditions, type);
  return condition != nullptr && condition->reason == reason;
}

bool begins(const Status& before, const Status& after, const char* type, std::string_view reason) {
  return has(after, type, reason) && !has(before, type, reason);
}

}  // namespace

std::vector<GroupEvent> statusEvents(const Status& before, const Status& after) {
  std::vector<GroupEvent> events;
  for (const Turn& turn : kTurns) {
    if (!begins(before, after, turn.type, turn.reason)) continue;
    const std::string& message = kubeapi::findCondition(after.conditions, turn.type)->message;
    events.push_back({true, turn.event, turn.action, message.empty() ? turn.event : message, {}});
  }
  const int waiting = after.total_replicas - after.updated_replicas;
  if (waiting > 0 && begins(before, after, "Progressing", kDeadline))
    events.push_back({true,
                      "RolloutHalted",
                      "Updating",
                      fmt::format("{} of {} replicas stay at their revision until the template is "
                                  "mended or rolled back",
                                  waiting, after.total_replicas),
                      {}});
  if (has(before, "Available", "QuorumLost") && begins(before, after, "Available", "QuorumHeld"))
    events.push_back({false, "QuorumRegained", "Watching", "all shards hold their floor", {}});
  return events;
}

}  // namespace stowage::statefulgroup
