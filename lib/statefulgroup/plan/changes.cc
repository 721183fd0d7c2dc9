// What is changed about a shard of one's own will, by rules of planShard().
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "statefulgroup/plan/claim_progress.h"
#include "statefulgroup/plan/plan_draft.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/quorum.h"

namespace stowage::statefulgroup {

using kubeapi::group::ExpansionPolicy;
using kubeapi::group::HookMode;
using kubeapi::group::PodUpdatePolicy;
using kubeapi::group::Retention;
using kubeapi::group::UpdateType;

namespace {

// The next to leave: who has begun to, those that offlineReplicas names, then the highest ordinal.
const Member* nextToLeave(PlanDraft& draft) {
  for (const Member& member : draft.shard.members) {
    if (stays(member) && hasBegunToLeave(member, draft.spec)) return &member;
  }
  const Member* next = nullptr;
  bool next_offline = false;
  for (const Member& member : draft.shard.members) {
    if (member.wanted || !stays(member)) continue;
    const bool offline = isOffline(draft.spec, member.replica);
    if (next == nullptr || offline || !next_offline) {
      next = &member;
      next_offline = offline;
    }
  }
  return next;
}

// A budget cannot tell who leaves: where it would have to allow the last of those that it
// protects, only a deletion gets through.
Removal leavingRemoval(PlanDraft& draft, const Member& member) {
  if (!member.available()) return Removal::kDelete;
  const int pods = draft.shard.countPods();
  const auto budget = minAvailable(draft.spec, {draft.shard.votersThere(), 0, pods});
  return draft.shard.wanted && budget && *budget > pods - 1 ? Removal::kDelete : Removal::kEvict;
}

// Restarts that were to come are put off, and give back what their budget was raised by.
bool putOffRestarts(PlanDraft& draft, const Member& leaving) {
  bool acted = false;
  for (const Member& member : draft.shard.members) {
    if (member.replica == leaving.replica || !stays(member) || isBeingChanged(member)) continue;
    if (!member.operation || member.operation->kind != OperationKind::kInPlace) continue;
    draft.act(ClearOperation{member.replica, member.pod}, "another member leaves first",
              draft.plan.work);
    acted = true;
  }
  return acted;
}

bool scaleIn(PlanDraft& draft) {
  const Member* member = nextToLeave(draft);
  if (member == nullptr) return false;
  draft.plan.work = ShardWork::kScalingIn;
  if (!draft.rules.voluntary_off.empty()) {
    draft.waitFor(draft.rules.voluntary_off);
    return true;
  }
  if (draft.shard.wanted && !mayLeave(draft.shard, *member, draft.spec)) {
    draft.waitFor(fmt::format("{} cannot leave: {} of {} voters are available",
                              draft.podOf(*member), draft.shard.availableVoters(),
                              draft.shard.votersThere()));
    return true;
  }
  if (putOffRestarts(draft, *member)) return true;
  const bool poison = draft.spec.membership.mode != HookMode::kNone &&
                      draft.spec.claim_retention.when_scaled == Retention::kRetain;
  for (const ClaimSight& claim : member->claims) {
    if (poison && claim.claim && !claim.quarantined() && !claim.terminating())
      draft.act(QuarantineClaim{member->replica, claim.claim}, "its member leaves",
                draft.plan.work);
  }
  draft.act(RemovePod{member->replica, member->pod, leavingRemoval(draft, *member), true,
                      operationOn(*member, OperationKind::kScaleIn, {}, draft.rules.now)},
            isOffline(draft.spec, member->replica) ? "offlineReplicas names the replica"
                                                   : "the replica is not wanted any more",
            draft.plan.work);
  return true;
}

// Claims of members that left. Never while none is wanted: then they are all there is.
bool dropClaims(PlanDraft& draft) {
  if (draft.spec.claim_retention.when_scaled != Retention::kDelete) return false;
  if (draft.shard.wanted && !draft.any([](const Member& m) { return m.wanted; })) return false;
  bool acted = false;
  for (const Member& member : draft.shard.members) {
    if (member.wanted || member.there() || !member.foreign.empty()) continue;
    for (const ClaimSight& claim : member.claims) {
      if (!claim.claim || claim.terminating()) continue;
      draft.act(DropClaim{member.replica, claim.claim}, "its member left", ShardWork::kScalingIn);
      acted = true;
    }
  }
  return acted;
}

// The claims of one replica at a time, by ordinal. What was refused is tried again with whatever
// else is done: a template can be taken back, what claims ask for cannot.
bool changeClaims(PlanDraft& draft) {
  if (draft.spec.expansion_policy != ExpansionPolicy::kOnline) return false;
  const bool refused = claimsWereRefused(draft.rules.group);
  bool tried = false;
  for (const Member& member : draft.shard.members) {
    const auto left = untilRestart(member, draft.spec, draft.rules.now);
    if (left == base::Duration::zero()) return false;  // update() is next
    if (left) draft.lookAgain(*left);
    bool acted = false;
    for (const ClaimSight& claim : member.claims) {
      const auto wanted = claimTemplate(draft.spec, claim.claim_template);
      if (!claim.claim || claim.terminating() || wanted == nullptr) continue;
      if (lacks(*claim.claim, *wanted) && refused) {
        if (!std::exchange(tried, true))
          draft.note(ChangeClaim{member.replica, claim.claim_template, claim.claim},
                     "the template has changed");
      } else if (lacks(*claim.claim, *wanted)) {
        draft.act(ChangeClaim{member.replica, claim.claim_template, claim.claim},
                  "the template has changed", ShardWork::kExpanding);
        acted = true;
      } else if (isChanging(*claim.claim)) {
        draft.waitFor(fmt::format("the volume of claim {} is changing", claim.name));
        draft.plan.work = ShardWork::kExpanding;
        acted = true;
      }
    }
    if (acted) return true;
  }
  return false;
}

// How the next member gets to its revision. What the API server would not take in place is recorded
// as to be made anew.
InPlace wayOf(const Member& member) {
  const bool anew =
      !member.outdated() || (member.operation && member.operation->kind == OperationKind::kUpdate &&
                             member.operation->revision == member.target);
  return anew ? InPlace::kNo : member.in_place;
}

// Why the shard cannot do without the member for a while; empty: it can.
std::string spareObstacle(PlanDraft& draft, const Member& member) {
  if (maySpare(draft.shard, member, draft.spec)) return {};
  return fmt::format("{} cannot be spared: {} voters must stay available", draft.podOf(member),
                     floorFor(draft.shard, draft.spec));
}

// Why the member cannot be updated now; empty: it can.
std::string updateObstacle(PlanDraft& draft, const Member& member, InPlace way) {
  const ShardRules& rules = draft.rules;
  if (way == InPlace::kNo &&
      rollingUpdateOf(draft.spec).pod_update_policy == PodUpdatePolicy::kInPlaceOnly)
    return fmt::format("{} needs a new pod, and podUpdatePolicy is InPlaceOnly",
                       draft.podOf(member));
  if (way != InPlace::kResize && !rules.voluntary_off.empty()) return rules.voluntary_off;
  if (!rules.updates_off.empty()) return rules.updates_off;
  if (way != InPlace::kResize) {
    if (std::string why = spareObstacle(draft, member); !why.empty()) return why;
  }
  const bool recorded = member.operation && member.operation->kind == OperationKind::kInPlace;
  return way == InPlace::kRestart && recorded ? rules.restarts_off : std::string();
}

// What somebody asked for goes by the same rules as an update, but for the halts and limits of one.
bool replaceAsked(PlanDraft& draft) {
  for (const Member& member : inUpdateOrder(draft.shard, draft.spec)) {
    if (!member.wanted || !member.replacement_asked) continue;
    draft.plan.work = ShardWork::kRollingOut;
    std::string obstacle = draft.rules.voluntary_off;
    if (obstacle.empty()) obstacle = spareObstacle(draft, member);
    if (obstacle.empty()) {
      draft.act(
          RemovePod{member.replica, member.pod, Removal::kEvict, true,
                    operationOn(member, OperationKind::kUpdate, member.target, draft.rules.now)},
          "a new pod was asked for", draft.plan.work);
    } else {
      draft.waitFor(std::move(obstacle));
    }
    return true;
  }
  return false;
}

bool update(PlanDraft& draft) {
  if (draft.spec.update_strategy.type == UpdateType::kOnDelete) return false;
  for (const Member& member : inUpdateOrder(draft.shard, draft.spec)) {
    std::string reason;
    if (!member.outdated()) reason = whyMadeAnew(member, draft.spec, draft.rules.now);
    if (!member.wanted || !(member.outdated() || !reason.empty())) continue;
    const InPlace way = wayOf(member);
    if (way == InPlace::kQuiet) continue;
    draft.plan.work = ShardWork::kRollingOut;
    if (std::string why = updateObstacle(draft, member, way); !why.empty()) {
      draft.waitFor(std::move(why));
      return true;
    }
    if (reason.empty())
      reason = fmt::format("update from {} to {}", member.revision.view(), member.target.view());
    if (way == InPlace::kNo) {
      draft.act(
          RemovePod{member.replica, member.pod, Removal::kEvict, true,
                    operationOn(member, OperationKind::kUpdate, member.target, draft.rules.now)},
          reason, draft.plan.work);
    } else {
      draft.act(changeInPlace(member, draft.rules.now, true), "in place: " + reason,
                draft.plan.work);
    }
    return true;
  }
  return false;
}

}  // namespace

bool change(PlanDraft& draft) {
  return scaleIn(draft) || dropClaims(draft) || changeClaims(draft) || replaceAsked(draft) ||
         update(draft);
}

}  // namespace stowage::statefulgroup
