#include "statefulgroup/plan/shard_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "statefulgroup/plan/plan_draft.h"
#include "statefulgroup/plan/shard_order.h"

namespace stowage::statefulgroup {

namespace {

std::string describe(const Member& member) {
  if (!member.there()) return "absent";
  if (member.node.state == NodeSight::State::kSilent && !member.available())
    return fmt::format("{} on node {}, which does not answer", text(member.state),
                       member.pod->node_name.view());
  for (const auto& container : member.pod->container_statuses) {
    if (!container.waiting_reason.empty())
      return fmt::format("{}: container {} waits ({})", text(member.state), container.name.view(),
                         container.waiting_reason);
  }
  return std::string(text(member.state));
}

base::Duration untilAvailable(PlanDraft& draft, const Member& member) {
  const kubeapi::Condition* ready = kubeapi::findCondition(member.pod->conditions, "Ready");
  const auto since = ready != nullptr && ready->last_transition_time ? *ready->last_transition_time
                                                                     : draft.rules.now;
  return since + std::chrono::seconds(draft.spec.min_ready_seconds) - draft.rules.now;
}

ShardWork flightWork(PlanDraft& draft) {
  if (draft.any([](const Member& m) { return !m.wanted && isTerminating(m); }))
    return ShardWork::kScalingIn;
  const bool mixed = draft.any([](const Member& m) { return m.wanted && m.outdated(); });
  return mixed || updateInFlight(draft.shard) ? ShardWork::kRollingOut : ShardWork::kHealing;
}

// Whether a pod that serves has yet to become what it is changed to.
bool waitForChange(PlanDraft& draft, const Member& member) {
  const Settling& settling = member.settling;
  // Not for what is given up, or not wanted any more.
  if (resizeFailed(member, draft.spec, draft.rules.now) ||
      (member.outdated() && settling.isResize()))
    return false;
  draft.waitFor(draft.podOf(member) + ": " + settling.what);
  if (settling.look_again) draft.lookAgain(*settling.look_again);
  const auto deadline = std::chrono::seconds(rollingUpdateOf(draft.spec).progress_deadline_seconds);
  const auto waited = draft.rules.now - member.operation->start;
  if (settling.isResize() && waited < deadline) draft.lookAgain(deadline - waited);
  return true;
}

// True when somebody is between two states, so that nobody else may be taken away.
bool waitForFlights(PlanDraft& draft) {
  bool waits = false;
  for (const Member& member : draft.shard.members) {
    const auto open = openHook(member, draft.spec);
    if (open && member.available()) {
      waits = true;
      draft.waitFor(fmt::format("{} has not {} yet", draft.podOf(member),
                                *open == HookVerb::kJoin ? "joined" : "caught up"));
      continue;
    }
    const bool restarts = member.settling.kind == Settling::Kind::kRestarting;
    if (member.available() && !member.settled() && (member.wanted || restarts)) {
      waits = waitForChange(draft, member) || waits;
      continue;
    }
    if (member.wanted ? member.available() : !isTerminating(member)) continue;
    waits = true;
    draft.waitFor(fmt::format("{} is {}", draft.podOf(member), describe(member)));
    if (member.state == MemberState::kReady) draft.lookAgain(untilAvailable(draft, member));
  }
  if (waits && draft.plan.work == ShardWork::kNone && draft.plan.actions.empty())
    draft.plan.work = flightWork(draft);
  return waits;
}

}  // namespace

PlanDraft::PlanDraft(const ShardView& shard_seen, const ShardRules& given_rules)
    : shard(shard_seen),
      rules(given_rules),
      spec(given_rules.group.spec),
      names(given_rules.group) {}

void PlanDraft::act(Step step, std::string reason, ShardWork work) {
  plan.actions.push_back({std::move(step), std::move(reason)});
  plan.work = work;
}

void PlanDraft::note(Step step, std::string reason) {
  plan.actions.push_back({std::move(step), std::move(reason)});
}

void PlanDraft::waitFor(std::string what) {
  if (plan.waits_for.empty()) plan.waits_for = std::move(what);
}

void PlanDraft::lookAgain(base::Duration wait) {
  wait = std::max<base::Duration>(wait, std::chrono::milliseconds(1));
  plan.look_again = plan.look_again ? std::min(*plan.look_again, wait) : wait;
}

// Healing comes before what is done of free will, and that only when nothing is in flight.
ShardPlan planShard(const ShardView& shard, const ShardRules& rules) {
  PlanDraft draft(shard, rules);
  restore(draft);
  const bool acted = heal(draft) || waitForFlights(draft) || change(draft);
  keepUp(draft, !acted);
  return std::move(draft.plan);
}

bool begins(const ShardPlan& plan) {
  return plan.work == ShardWork::kRollingOut &&
         std::any_of(plan.actions.begin(), plan.actions.end(), [](const Action& action) {
           const auto* change = std::get_if<ChangePod>(&action.step);
           return change != nullptr ? change->operation.has_value()
                                    : std::holds_alternative<RemovePod>(action.step);
         });
}

}  // namespace stowage::statefulgroup
