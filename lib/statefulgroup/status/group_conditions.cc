#include "statefulgroup/status/group_conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "statefulgroup/plan/claim_progress.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/plan/spread.h"
#include "statefulgroup/plan/waiting.h"

namespace stowage::statefulgroup {

using kubeapi::Condition;

namespace {

constexpr std::size_t kMaxMessage = 4096;

struct Finding {
  std::string_view status;  // "True", "False", "Unknown"
  std::string reason;
  std::string message;
};

// "0, 3, 7 and 12 more"
std::string listed(const std::vector<int>& shards) {
  constexpr std::size_t kShown = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(shards.size(), kShown); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shards[i]);
  if (shards.size() > kShown) text += fmt::format(" and {} more", shards.size() - kShown);
  return text;
}

class Conditions {
 public:
  explicit Conditions(const StatusInput& input)
      : input_(input), sight_(input.sight), group_(*input.sight.observed.group) {}

  std::vector<Condition> all() {
    add("Ready", ready());
    add("Available", available());
    add("Progressing", progressing());
    add("Degraded", degraded());
    add("Spread", spread());
    add("TemplateValid", templateValid());
    add("BudgetsSynced", budgetsSynced());
    if (!group_.spec.claim_templates.empty()) add("StorageResizing", storageResizing());
    add("Paused", flag(input_.plan.mode == GroupMode::kPaused, "Paused", "Managed"));
    add("Hibernated",
        flag(input_.plan.mode == GroupMode::kHibernated && input_.plan.stopped, "Hibernated",
             input_.plan.mode == GroupMode::kHibernated ? "Stopping" : "Running"));
    return std::move(conditions_);
  }

 private:
  void add(const char* type, Finding finding) {
    Condition condition;
    condition.type = type;
    condition.status = finding.status;
    condition.reason = std::move(finding.reason);
    condition.message = std::string(base::utf8Prefix(finding.message, kMaxMessage));
    condition.observed_generation = group_.meta.generation;
    const Condition* before = kubeapi::findCondition(group_.status.conditions, type);
    const bool same = before != nullptr && before->status == condition.status;
    condition.last_transition_time =
        same && before->last_transition_time ? *before->last_transition_time : sight_.now;
    conditions_.push_back(std::move(condition));
  }

  static Finding flag(bool on, const char* reason_on, const char* reason_off) {
    return on ? Finding{"True", reason_on, ""} : Finding{"False", reason_off, ""};
  }

  [[nodiscard]] std::vector<int> belowFloor() const {
    std::vector<int> shards;
    for (const ShardView& shard : sight_.shards) {
      if (shard.wanted && shard.availableVoters() < floorFor(shard, group_.spec))
        shards.push_back(shard.index);
    }
    return shards;
  }

  // What the first shard that waits for something waits for, errors before all else. That it waits
  // for another shard explains nothing about the group.
  [[nodiscard]] std::string waitsFor() const {
    if (!input_.error.empty()) return input_.error;
    for (std::size_t i = 0; i < sight_.shards.size(); ++i) {
      if (!input_.errors[i].empty())
        return fmt::format("shard {}: {}", sight_.shards[i].index, input_.errors[i]);
    }
    for (std::size_t i = 0; i < sight_.shards.size(); ++i) {
      const std::string& reason = input_.plan.shards[i].waits_for;
      if (!reason.empty() && reason != kOtherShards && reason != input_.plan.halted)
        return fmt::format("shard {}: {}", sight_.shards[i].index, reason);
    }
    return {};
  }

  Finding ready() {
    const GroupMode mode = input_.plan.mode;
    if (mode == GroupMode::kHibernated) return {"False", "Hibernated", waitsFor()};
    if (mode == GroupMode::kStopping) return {"False", "Terminating", waitsFor()};
    if (input_.verdict.state == TemplateVerdict::State::kRejected)
      return {"False", "TemplateInvalid", input_.verdict.message};
    if (const auto below = belowFloor(); !below.empty() && wasFormed())
      return {"False", "QuorumLost", "shards below their floor: " + listed(below)};
    if (!sight_.rolled_back_from.empty()) return {"False", std::string(kRolledBack), rollback()};
    if (!rolledOut(sight_)) {
      if (mode == GroupMode::kPaused) return {"False", "Paused", ""};
      if (!input_.plan.halted.empty()) return {"False", "ProgressDeadlineExceeded", stuck()};
      return {"False", "Progressing", waitsFor()};
    }
    return {"True", "AllReady", ""};
  }

  // A group that is coming up has not lost anything yet.
  [[nodiscard]] bool wasFormed() const {
    const Condition* before = kubeapi::findCondition(group_.status.conditions, "Available");
    return before != nullptr && (before->status == "True" || before->reason == "QuorumLost");
  }

  // Which shard is stuck, and by what.
  [[nodiscard]] std::string stuck() const {
    const std::string why = waitsFor();
    return why.empty() ? input_.plan.halted : input_.plan.halted + "; " + why;
  }

  Finding available() {
    if (input_.plan.mode == GroupMode::kHibernated) return {"False", "Hibernated", ""};
    if (input_.plan.mode == GroupMode::kStopping) return {"False", "Terminating", ""};
    if (const auto below = belowFloor(); !below.empty())
      return {"False", wasFormed() ? "QuorumLost" : "Forming",
              "shards below their floor: " + listed(below)};
    return {"True", "QuorumHeld", ""};
  }

  [[nodiscard]] std::string rollback() const {
    return fmt::format(
        "the rollout of {} failed, and pods go back to {}; change the spec to try again",
        sight_.rolled_back_from.view(), sight_.targets.update.view());
  }

  Finding progressing() {
    if (input_.plan.mode == GroupMode::kPaused) return {"False", "Paused", ""};
    if (!sight_.rolled_back_from.empty()) return {"False", std::string(kRolledBack), rollback()};
    if (!input_.plan.halted.empty())
      return {"False", "ProgressDeadlineExceeded", input_.plan.halted};
    ShardWork work = ShardWork::kNone;
    bool acts = false;
    for (const ShardPlan& plan : input_.plan.shards) {
      if (work == ShardWork::kNone) work = plan.work;
      acts = acts || !plan.actions.empty();
    }
    if (work == ShardWork::kNone) return {"False", "Idle", waitsFor()};
    // Whether anything moves, or all there is to do waits for a budget or a floor.
    const bool moves =
        acts || std::any_of(sight_.shards.begin(), sight_.shards.end(),
                            [](const ShardView& shard) { return !shard.available(); });
    if (!moves) return {"False", "WaitingForBudget", waitsFor()};
    constexpr std::array<const char*, 6> kReasons = {"Idle",      "Healing",    "ScalingOut",
                                                     "ScalingIn", "RollingOut", "Expanding"};
    return {"True", kReasons.at(static_cast<std::size_t>(work)), waitsFor()};
  }

  static bool hasLostVolume(const Member& member) {
    return std::any_of(member.claims.begin(), member.claims.end(), [](const ClaimSight& sight) {
      return sight.claim && sight.claim->phase == "Lost";
    });
  }

  Finding degraded() {
    std::string first;
    int missing = 0;
    bool lost = false;
    bool volume = false;
    bool at_floor = false;
    for (const ShardView& shard : sight_.shards) {
      const int spare = shard.availableVoters() - floorFor(shard, group_.spec);
      for (const Member& member : shard.members) {
        if (!member.wanted || member.available()) continue;
        ++missing;
        volume = volume || hasLostVolume(member);
        at_floor = at_floor || (member.voter && spare == 0);
        lost = lost || (member.there() && member.node.state != NodeSight::State::kReady);
        if (first.empty())
          first = fmt::format("{} is {}", Names(group_).pod(member.replica), text(member.state));
      }
    }
    if (missing == 0 || input_.plan.mode == GroupMode::kHibernated)
      return {"False", "AsWanted", ""};
    if (missing > 1) first += fmt::format(", and {} more", missing - 1);
    if (lost) return {"True", "NodeLost", first};
    if (volume) return {"True", "VolumeLost", first};
    return {"True", at_floor ? "AtQuorumFloor" : "MemberUnready", first};
  }

  Finding spread() {
    SpreadFinding finding = judgeSpread(sight_.shards, group_.spec, sight_.observed.domains);
    switch (finding.kind) {
      case SpreadFinding::Kind::kSatisfied:
        return {"True", "Satisfied", ""};
      case SpreadFinding::Kind::kTooFew:
        return {"False", "TooFewDomains", std::move(finding.message)};
      case SpreadFinding::Kind::kSkewed:
        return {"False", "Skewed", std::move(finding.message)};
      case SpreadFinding::Kind::kUnknown:
        break;
    }
    return {"Unknown", "NoDomains", std::move(finding.message)};
  }

  Finding templateValid() {
    switch (input_.verdict.state) {
      case TemplateVerdict::State::kValid:
        return {"True", "Accepted", ""};
      case TemplateVerdict::State::kRejected:
        return {"False", "Rejected", input_.verdict.message};
      case TemplateVerdict::State::kUnknown:
        break;
    }
    return {"Unknown", "NotTried", input_.verdict.message};
  }

  Finding budgetsSynced() {
    if (!sight_.budgets.conflict.empty())
      return {"False", "Conflict",
              fmt::format("budget {} selects pods of the group, too, so that no eviction of them "
                          "can succeed: delete it, the group has budgets of its own",
                          sight_.budgets.conflict)};
    for (const BudgetSight& budget : sight_.budgets.shards) {
      if (!budget.foreign.empty())
        return {"False", "Conflict",
                fmt::format("budget {} belongs to {}", budget.name, budget.foreign)};
      if (!budget.inStep())
        return {"False", "NotObserved", fmt::format("budget {} is not in force yet", budget.name)};
    }
    return {"True", "Synced", ""};
  }

  Finding storageResizing() {
    if (!input_.claim_refusal.empty())
      return {"False", std::string(kClaimsRefused), input_.claim_refusal};
    for (const ShardView& shard : sight_.shards) {
      for (const Member& member : shard.members) {
        for (const ClaimSight& sight : member.claims) {
          if (!sight.claim) continue;
          if (isRefused(*sight.claim))
            return {"False", "Infeasible",
                    "the volume of claim " + sight.name + " cannot be what it asks for"};
          if (!isChanging(*sight.claim)) continue;
          const bool file_system =
              kubeapi::findCondition(sight.claim->conditions, "FileSystemResizePending") != nullptr;
          return {"True", file_system ? "FileSystemResizePending" : "Resizing",
                  "claim " + sight.name};
        }
      }
    }
    // It stays said until there is nothing left to ask for, also while that is not tried.
    const Condition* before = kubeapi::findCondition(group_.status.conditions, "StorageResizing");
    if (before != nullptr && claimsWereRefused(group_) && anyClaimLacks(sight_.shards, group_.spec))
      return {"False", std::string(kClaimsRefused), before->message};
    return {"False", "Idle", ""};
  }

  const StatusInput& input_;
  const GroupSight& sight_;
  const kubeapi::StatefulGroup& group_;
  std::vector<Condition> conditions_;
};

}  // namespace

std::vector<Condition> conditionsOf(const StatusInput& input) { return Conditions(input).all(); }

}  // namespace stowage::statefulgroup
