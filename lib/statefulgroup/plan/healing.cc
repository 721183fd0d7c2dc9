// What a shard needs to serve again, by rules of planShard() that take nothing away from its users.
#include <fmt/format.h>

#include <utility>

#include "statefulgroup/labels.h"
#include "statefulgroup/plan/claim_progress.h"
#include "statefulgroup/plan/plan_draft.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/quorum.h"
#include "statefulgroup/slots.h"

namespace stowage::statefulgroup {

using kubeapi::group::ExpansionPolicy;
using kubeapi::group::HookMode;
using kubeapi::group::NodeLoss;
using kubeapi::group::PodUpdatePolicy;
using kubeapi::group::Retention;
using kubeapi::group::StartupPolicy;
using kubeapi::group::UpdateType;
using kubeapi::group::VolumeLoss;

namespace {

bool isServing(const Member& member) { return member.available(); }

bool removeEnded(PlanDraft& draft) {
  bool acted = false;
  for (const Member& member : draft.shard.members) {
    if (member.state != MemberState::kFailed) continue;
    const std::string why = member.pod->reason.empty() ? "" : ": " + member.pod->reason;
    draft.act(RemovePod{member.replica, member.pod, Removal::kDelete, false, {}},
              "the pod ended as " + member.pod->phase.str() + why, ShardWork::kHealing);
    acted = true;
  }
  return acted;
}

// Pods of deleted nodes and terminating ones of fenced nodes are ended by the pod garbage
// collector of Kubernetes; pods that tolerate the fence are not even asked to go.
bool removeFromFencedNodes(PlanDraft& draft) {
  if (draft.spec.recovery.node_loss != NodeLoss::kReplaceWhenFenced) return false;
  bool acted = false;
  for (const Member& member : draft.shard.members) {
    if (!stays(member) || member.node.state != NodeSight::State::kFenced) continue;
    const auto grace = std::chrono::seconds(draft.spec.recovery.node_loss_grace_seconds);
    const auto lost = draft.rules.now - member.node.since.value_or(draft.rules.now);
    if (lost < grace) {
      draft.lookAgain(grace - lost);
      continue;
    }
    draft.act(RemovePod{member.replica, member.pod, Removal::kDelete, false, {}},
              "node " + member.pod->node_name.str() + " is fenced", ShardWork::kHealing);
    acted = true;
  }
  return acted;
}

// The disruption controller looks within moments; what it has not seen by then it will not see.
constexpr base::Duration kEvictionSeen = std::chrono::seconds(5);

// The disruption controller knows evicted pods by their names alone: a pod that is there again
// before it has seen that the evicted one was gone counts as evicted itself, for two minutes in
// which nobody else may be.
// Source: kube-controller-manager 1.36, pkg/controller/disruption, DeletionTimeout.
bool awaitsBudget(PlanDraft& draft, const Member& member) {
  if (!member.evicted) return false;
  const auto since = draft.rules.now - *member.evicted;
  // Whoever's clock is wrong: nothing is waited for long.
  if (since >= kEvictionSeen || since <= -kEvictionSeen) return false;
  draft.lookAgain(kEvictionSeen - since);
  return true;
}

// Why a member cannot be made now; empty: it can.
std::string obstacle(PlanDraft& draft, const Member& member) {
  if (awaitsBudget(draft, member))
    return fmt::format("the budget has not seen yet that evicted pod {} is gone",
                       draft.podOf(member));
  if (!member.foreign.empty())
    return fmt::format("a pod {} that {} owns is in the way", draft.podOf(member), member.foreign);
  if (member.target.empty()) return "the API server takes no pod of the template";
  for (const ClaimSight& claim : member.claims) {
    if (claim.terminating()) return fmt::format("claim {} is being deleted", claim.name);
    if (claim.claim && claim.claim->phase == "Lost")
      return fmt::format("claim {} has lost its volume", claim.name);
    if (claim.quarantined() && !reusesClaims(draft.spec))
      return fmt::format(
          "claim {} is of a member that left: delete it, or take annotation {} off it", claim.name,
          kQuarantineAnnotation);
  }
  return {};
}

// Members join a shard that holds its quorum one after another; without it there is nobody whom
// they could join, and all of them are needed.
bool joinsOneByOne(PlanDraft& draft) {
  return draft.spec.membership.mode != HookMode::kNone && draft.shard.availableVoters() > 0 &&
         draft.shard.availableVoters() >= floorOf(draft.spec, draft.shard.votersThere());
}

bool isJoining(const Member& member) { return stays(member) && member.wanted && !member.joined; }

// Volumes of pods that are not there grow and change best.
void changeBeforeCreation(PlanDraft& draft, const Member& member) {
  if (draft.spec.expansion_policy != ExpansionPolicy::kOnRecreate) return;
  for (const ClaimSight& sight : member.claims) {
    const auto* wanted = claimTemplate(draft.spec, sight.claim_template);
    if (sight.claim && wanted != nullptr && lacks(*sight.claim, *wanted))
      draft.act(ChangeClaim{member.replica, sight.claim_template, sight.claim},
                "the template has changed, and the pod is not there", ShardWork::kExpanding);
  }
}

void create(PlanDraft& draft, const Member& member, std::vector<int>& slots) {
  changeBeforeCreation(draft, member);
  CreateMember step{member.replica, member.target, std::nullopt};
  if (member.voter) {
    step.slot = slotForNewVoter(slots);
    slots.push_back(*step.slot);
  }
  const bool forming = draft.shard.countPods() == 0;
  draft.act(step, forming ? "the shard is formed" : "the replica is missing",
            forming || !draft.any(isServing) ? ShardWork::kHealing : ShardWork::kScalingOut);
}

// Members that are down and may have lost a volume. It holds nothing else up: what is lost is told
// by a live look alone.
void replaceLost(PlanDraft& draft) {
  const auto& recovery = draft.spec.recovery;
  if (recovery.volume_loss != VolumeLoss::kReplace ||
      draft.spec.claim_retention.when_replaced != Retention::kDelete)
    return;
  int down = 0;
  for (const Member& member : draft.shard.members) down += member.wanted && !member.available();
  for (const Member& member : draft.shard.members) {
    const bool waits = member.state == MemberState::kAbsent ||
                       (member.state == MemberState::kPending && member.pod->node_name.empty());
    if (!member.wanted || !waits || !member.foreign.empty()) continue;
    ReplaceVolumes step{member.replica, member.pod, {}};
    bool known = false;
    for (const ClaimSight& sight : member.claims) {
      if (!sight.claim || sight.terminating() || sight.claim->volume_name.empty()) continue;
      known = known || sight.claim->phase == "Lost";
      step.claims.push_back(sight.claim);
    }
    if (step.claims.empty()) continue;
    // What is lost with it may be the last there is, or one that others are just made of.
    if (draft.shard.availableVoters() == 0 || down > recovery.max_replacements_per_shard ||
        !maySpare(draft.shard, member, draft.spec)) {
      if (known)
        draft.waitFor(
            fmt::format("{} has lost a volume, and the others of its shard are needed to "
                        "replace it",
                        draft.podOf(member)));
      continue;
    }
    draft.note(std::move(step), "its volumes may be lost");
  }
}

bool createAbsent(PlanDraft& draft) {
  if (!draft.shard.wanted) return false;
  const bool in_order = draft.spec.startup.policy == StartupPolicy::kOrderedReady;
  const bool joining = joinsOneByOne(draft);
  if (joining && draft.any(isJoining)) return false;  // what it waits for is said later
  std::vector<int> slots = slotsOf(draft.shard);
  bool acted = false;
  for (const Member& member : draft.shard.members) {
    if (!member.wanted) continue;
    if (member.there()) {
      if (in_order && !member.available()) break;
      continue;
    }
    if (std::string why = obstacle(draft, member); !why.empty()) {
      draft.waitFor(std::move(why));
      if (in_order || joining) break;
      continue;
    }
    create(draft, member, slots);
    acted = true;
    if (in_order || joining) break;
  }
  return acted;
}

// An outdated pod that does not serve becomes what it should be, whatever the budget is. False:
// nothing is done, or somebody else does it.
bool renew(PlanDraft& draft, const Member& member, const char* trouble) {
  const std::string reason = fmt::format("the pod {}, and is at {} instead of {}", trouble,
                                         member.revision.view(), member.target.view());
  if (rollingUpdateOf(draft.spec).pod_update_policy != PodUpdatePolicy::kInPlaceOnly) {
    draft.act(RemovePod{member.replica, member.pod, Removal::kDelete, false, {}}, reason,
              ShardWork::kRollingOut);
    return true;
  }
  if (member.in_place == InPlace::kQuiet) return false;
  if (member.in_place == InPlace::kNo) {
    draft.waitFor(
        fmt::format("{} {} and cannot be updated in place, and podUpdatePolicy is "
                    "InPlaceOnly",
                    draft.podOf(member), trouble));
    return false;
  }
  draft.act(changeInPlace(member, draft.rules.now, false), "in place: " + reason,
            ShardWork::kRollingOut);
  return true;
}

// A pod that never ran serves nobody: what is wrong with it may be what was mended.
bool replacePending(PlanDraft& draft) {
  const bool on_delete = draft.spec.update_strategy.type == UpdateType::kOnDelete;
  bool acted = false;
  for (const Member& member : draft.shard.members) {
    if (member.state != MemberState::kPending || !member.wanted) continue;
    if (member.replacement_asked) {
      draft.act(RemovePod{member.replica, member.pod, Removal::kDelete, false, {}},
                "a new pod was asked for", ShardWork::kHealing);
      acted = true;
    }
    if (member.replacement_asked || on_delete || !member.outdated()) continue;
    acted = renew(draft, member, "never ran") || acted;
  }
  return acted;
}

// recovery.memberReadyTimeoutSeconds.
bool overdue(PlanDraft& draft, const Member& member) {
  const auto limit = std::chrono::seconds(draft.spec.recovery.member_ready_timeout_seconds);
  if (limit.count() == 0) return false;
  const kubeapi::Condition* ready = kubeapi::findCondition(member.pod->conditions, "Ready");
  if (ready == nullptr || !ready->last_transition_time) return false;
  const auto unready = draft.rules.now - *ready->last_transition_time;
  if (unready >= limit) return true;
  draft.lookAgain(limit - unready);
  return false;
}

// A pod that runs and does not serve can be replaced whatever the budget is: that takes nothing
// away. One at a time, and not who knows of the newest term.
bool replaceUnready(PlanDraft& draft) {
  if (draft.any(isTerminating)) return false;
  for (const Member& member : inUpdateOrder(draft.shard, draft.spec)) {
    if (member.state != MemberState::kStarting || !member.wanted) continue;
    const bool outdated =
        member.outdated() && draft.spec.update_strategy.type != UpdateType::kOnDelete;
    const bool asked = member.replacement_asked;
    if (!asked && !outdated && !overdue(draft, member)) continue;
    if (knowsNewestTermAlone(draft.shard, member)) {
      draft.waitFor(fmt::format("{} is not ready and alone knows term {}", draft.podOf(member),
                                member.role.term));
      continue;
    }
    if (outdated && !asked) {
      if (renew(draft, member, "is not ready")) return true;
      continue;
    }
    draft.act(RemovePod{member.replica, member.pod, Removal::kDelete, false, {}},
              asked ? "a new pod was asked for"
                    : "the pod has not been ready for longer than memberReadyTimeoutSeconds",
              ShardWork::kHealing);
    return true;
  }
  return false;
}

}  // namespace

bool heal(PlanDraft& draft) {
  replaceLost(draft);
  return removeEnded(draft) || removeFromFencedNodes(draft) || createAbsent(draft) ||
         replacePending(draft) || replaceUnready(draft);
}

}  // namespace stowage::statefulgroup
