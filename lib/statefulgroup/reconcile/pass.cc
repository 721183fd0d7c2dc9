#include "statefulgroup/reconcile/pass.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "statefulgroup/labels.h"
#include "statefulgroup/plan/claim_progress.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/reconcile/live_objects.h"
#include "statefulgroup/reconcile/member_inputs.h"
#include "statefulgroup/reconcile/step_runner.h"
#include "statefulgroup/render/in_place.h"
#include "statefulgroup/status/status_events.h"

namespace stowage::statefulgroup {

using controlloop::Outcome;
using kubeapi::group::TerminationOrder;

namespace {

using Json = nlohmann::json;
using Next = Outcome::Next;

// A budget that said no tells by an event when it says yes; this is for those that do not come.
constexpr base::Duration kAfterDenial = std::chrono::seconds(5);

bool has(const std::vector<Symbol>& finalizers, std::string_view name) {
  return std::any_of(finalizers.begin(), finalizers.end(),
                     [&](const Symbol& one) { return one.view() == name; });
}

Json finalizersPatch(const std::vector<Symbol>& finalizers) {
  Json list = Json::array();
  for (const Symbol& one : finalizers) list.push_back(one.str());
  return {{"metadata", {{"finalizers", list}}}};
}

}  // namespace

Pass::Pass(const Observed& observed, GroupWrites& writes, const PassPorts& ports,
           base::WallTime now, std::stop_token stop)
    : observed_(observed),
      group_(*observed.group),
      names_(group_),
      writes_(writes),
      ports_(ports),
      now_(now),
      stop_(std::move(stop)) {}

void Pass::fail(const Answer& answer, const std::string& what) {
  // A conflict is somebody who was faster: look again.
  if (answer.code == base::Code::kConflict || answer.code == base::Code::kNotFound) {
    lookAgain(kLookSoon);
    return;
  }
  failed_ = true;
  if (error_.empty()) error_ = what + ": " + answer.message;
}

void Pass::lookAgain(base::Duration wait) {
  look_again_ = look_again_ ? std::min(*look_again_, wait) : wait;
}

Outcome Pass::run() {
  const GroupMode mode = modeOf(group_);
  if (mode == GroupMode::kStopping) {
    if (auto end = release()) return *end;
  } else if (mode != GroupMode::kPaused) {
    if (auto end = holdGroup()) return *end;
  }
  if (auto end = settleRevision()) return *end;
  GroupSight sight = lookAt(observed_, names_, targets_, now_);
  findDrift(sight);
  findUpdatesInPlace(sight);
  const GroupPlan plan = planGroup(sight);
  errors_.resize(sight.shards.size());
  if (mode == GroupMode::kRunning || mode == GroupMode::kHibernated) {
    syncServices(sight);
    syncBudgets(sight);
  }
  if (mode != GroupMode::kPaused && stopIsMeant(plan)) runShards(sight, plan);
  if (mode == GroupMode::kRunning) dropOldRevisions(sight);
  if (auto end = writeStatus(sight, plan)) return *end;
  return outcome();
}

// ---- the group itself

// Without our finalizer its pods are the garbage collector's, in any order.
std::optional<Outcome> Pass::release() {
  if (!has(group_.meta.finalizers, kFinalizer)) return Outcome{};
  // kubectl delete --cascade=orphan: pods stay, and are not ours any more.
  const bool orphaning = has(group_.meta.finalizers, "orphan");
  const bool pods_left = std::any_of(observed_.pods.begin(), observed_.pods.end(),
                                     [&](const auto& pod) { return isOwnedBy(pod->meta, group_); });
  if (pods_left && !orphaning) return std::nullopt;
  std::vector<Symbol> others = group_.meta.finalizers;
  std::erase(others, Symbol(kFinalizer));
  const Answer answer = writes_.patch(Resource::kGroups, group_.meta.name.str(),
                                      fenceOf(group_.meta), finalizersPatch(others).dump());
  if (answer.ok() || answer.code == base::Code::kNotFound) return Outcome{};
  if (answer.code == base::Code::kConflict) return Outcome{Next::kAfter, kLookSoon, {}};
  return Outcome{Next::kRetry, {}, "releasing the group: " + answer.message};
}

std::optional<Outcome> Pass::holdGroup() {
  const bool wanted = group_.spec.termination_order == TerminationOrder::kRoleAware;
  if (has(group_.meta.finalizers, kFinalizer) == wanted) return std::nullopt;
  std::vector<Symbol> finalizers = group_.meta.finalizers;
  if (wanted) {
    finalizers.emplace_back(kFinalizer);
  } else {
    std::erase(finalizers, Symbol(kFinalizer));
  }
  const Answer answer = writes_.patch(Resource::kGroups, group_.meta.name.str(),
                                      fenceOf(group_.meta), finalizersPatch(finalizers).dump());
  // The rest is decided on the group as it is then.
  if (answer.ok() || answer.code == base::Code::kConflict)
    return Outcome{Next::kAfter, kLookSoon, {}};
  if (answer.code == base::Code::kNotFound) return Outcome{};
  return Outcome{Next::kRetry, {}, "setting the group's finalizer: " + answer.message};
}

// ---- members

// Which outdated pods can be brought to their revision as they are.
void Pass::findUpdatesInPlace(GroupSight& sight) const {
  using kubeapi::group::PodUpdatePolicy;
  using kubeapi::group::UpdateType;
  if (group_.spec.update_strategy.type == UpdateType::kOnDelete ||
      rollingUpdateOf(group_.spec).pod_update_policy == PodUpdatePolicy::kRecreate)
    return;
  for (ShardView& shard : sight.shards) {
    for (Member& member : shard.members) {
      if (!member.outdated()) continue;
      const Revision* from = history_.find(member.revision.view());
      const Revision* to = history_.find(member.target.view());
      if (from == nullptr || to == nullptr) continue;
      const InPlaceChange change =
          inPlaceChange(inputsOf(group_, names_, *from, member.replica, slotOf(*member.pod)), *to);
      if (!change.possible()) continue;
      member.in_place = change.restarts_containers ? InPlace::kRestart
                        : change.resources         ? InPlace::kResize
                                                   : InPlace::kQuiet;
    }
  }
}

// All pods of a group are stopped only when the API server itself says, now, that this is meant:
// a cache may show what was, or another group of the same name.
bool Pass::stopIsMeant(const GroupPlan& plan) {
  if (plan.mode == GroupMode::kRunning) return true;
  const bool acts = std::any_of(plan.shards.begin(), plan.shards.end(),
                                [](const ShardPlan& shard) { return !shard.actions.empty(); });
  if (!acts) return true;
  const Answer answer = writes_.get(Resource::kGroups, group_.meta.name.str());
  if (!answer.ok()) {
    fail(answer, "reading the group");
    return false;
  }
  const auto live = decode<kubeapi::StatefulGroup>(answer);
  if (live != nullptr && live->meta.uid == group_.meta.uid && modeOf(*live) == plan.mode)
    return true;
  lookAgain(kLookSoon);
  return false;
}

void Pass::runShards(const GroupSight& sight, const GroupPlan& plan) {
  StepRunner runner(observed_, names_, targets_, history_, writes_, ports_, now_);
  for (std::size_t i = 0; i < sight.shards.size() && !stop_.stop_requested(); ++i) {
    runShard(plan.shards[i], i, runner);
    if (plan.shards[i].look_again) lookAgain(*plan.shards[i].look_again);
  }
}

void Pass::runShard(const ShardPlan& plan, std::size_t index, StepRunner& runner) {
  for (const Action& action : plan.actions) {
    if (stop_.stop_requested()) return;
    const StepResult result = runner.run(action);
    switch (result.end) {
      case StepResult::End::kDone:
        continue;
      case StepResult::End::kStale:
        lookAgain(kLookSoon);
        return;
      case StepResult::End::kDenied:
        errors_[index] = result.error;
        lookAgain(kAfterDenial);
        return;
      case StepResult::End::kTaken:
        errors_[index] = result.error;
        if (std::holds_alternative<ChangeClaim>(action.step)) claim_refusal_ = result.error;
        lookAgain(kLookAfterRejection);
        continue;
      case StepResult::End::kFailed:
        errors_[index] = result.error;
        failed_ = true;
        return;
    }
  }
}

// ---- status

std::optional<Outcome> Pass::writeStatus(const GroupSight& sight, const GroupPlan& plan) {
  const kubeapi::group::Status status =
      statusOf({sight, plan, verdict_, collisions_, errors_, error_, claim_refusal_});
  if (sameStatus(status, group_.status)) return std::nullopt;
  const Answer answer = writes_.replace(Resource::kGroups, group_.meta.name.str(), "status",
                                        kubeapi::encodeStatusUpdate(group_, status));
  if (!answer.ok()) {
    fail(answer, "writing the status");
    return std::nullopt;
  }
  for (const GroupEvent& event : statusEvents(group_.status, status))
    ports_.events.record(group_, event);
  // From now on it holds nothing else up.
  if (!claim_refusal_.empty() && !claimsWereRefused(group_)) lookAgain(kLookSoon);
  // What was current until now may be one more than is kept, and a status wakes nobody.
  if (!(status.current_revision == group_.status.current_revision)) lookAgain(kLookSoon);
  return std::nullopt;
}

Outcome Pass::outcome() const {
  if (stop_.stop_requested()) return {};
  if (failed_) {
    std::string text = error_;
    for (std::size_t i = 0; i < errors_.size() && text.empty(); ++i) text = errors_[i];
    return {Next::kRetry, {}, text.empty() ? "the pass failed" : text};
  }
  return look_again_ ? Outcome{Next::kAfter, *look_again_, {}} : Outcome{};
}

}  // namespace stowage::statefulgroup
