// What is kept right about members at all times, by rules of planShard().
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "statefulgroup/labels.h"
#include "statefulgroup/plan/plan_draft.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/slots.h"

namespace stowage::statefulgroup {

using kubeapi::group::Retention;

namespace {

void adopt(PlanDraft& draft) {
  for (const Member& member : draft.shard.members) {
    if (member.there() && member.orphan && !isTerminating(member))
      draft.act(AdoptPod{member.replica, member.pod}, "the pod has no owner", ShardWork::kHealing);
  }
}

// Claims that were deleted before the pod got hold of them.
void createClaims(PlanDraft& draft) {
  for (const Member& member : draft.shard.members) {
    if (member.state != MemberState::kPending || !member.wanted) continue;
    const bool missing =
        std::any_of(member.claims.begin(), member.claims.end(), [&](const ClaimSight& sight) {
          return !sight.claim &&
                 std::any_of(member.pod->claims.begin(), member.pod->claims.end(),
                             [&](const auto& volume) { return volume.claim == sight.name; });
        });
    if (missing) draft.act(CreateClaims{member.replica}, "a claim is missing", ShardWork::kHealing);
  }
}

// Slots of voters that have left are given up, so that what quorumSafe promises holds again.
void compact(PlanDraft& draft) {
  std::vector<const Member*> voters;
  std::vector<int> slots;
  for (const Member& member : draft.shard.members) {
    if (!member.wanted || !member.voter || !stays(member)) continue;
    voters.push_back(&member);
    slots.push_back(slotOf(member));
  }
  for (const SlotMove& move : compactSlots(slots)) {
    const Member& member = *voters[move.voter];
    draft.act(SetSlot{member.replica, member.pod, move.slot}, "voters have left", draft.plan.work);
  }
}

// A record belongs to what is being done: others are of plans that have changed.
void clearStaleRecords(PlanDraft& draft) {
  for (const Member& member : draft.shard.members) {
    if (!member.operation || !stays(member)) continue;
    const Operation& operation = *member.operation;
    const bool replaced = member.outdated() || member.replacement_asked ||
                          !whyMadeAnew(member, draft.spec, draft.rules.now).empty();
    const bool goes = hasBegunToLeave(member, draft.spec) ||
                      (!member.wanted && operation.kind == OperationKind::kScaleIn) ||
                      (member.wanted && operation.kind != OperationKind::kScaleIn && replaced &&
                       operation.revision == member.target) ||
                      isBeingChanged(member);
    if (!goes)
      draft.note(ClearOperation{member.replica, member.pod},
                 "the operation is at its end, or not wanted any more");
  }
}

void setCounts(PlanDraft& draft) {
  const auto says = [](const Member& member, std::string_view key, int count) {
    const Symbol* said = member.pod->meta.annotations.find(key);
    return said != nullptr && said->view() == std::to_string(count);
  };
  for (const Member& member : draft.shard.members) {
    if (!member.wanted || !stays(member) || member.state == MemberState::kFailed) continue;
    if (says(member, kShardsAnnotation, draft.spec.shards) &&
        says(member, kReplicasAnnotation, draft.spec.replicas))
      continue;
    draft.note(SetCounts{member.replica, member.pod}, "the group was scaled");
  }
}

void setClaimOwners(PlanDraft& draft) {
  const bool goes = draft.spec.claim_retention.when_deleted == Retention::kDelete;
  for (const Member& member : draft.shard.members) {
    for (const ClaimSight& sight : member.claims) {
      if (!sight.claim || sight.terminating()) continue;
      const auto& owners = sight.claim->meta.owners;
      const bool owned = std::any_of(owners.begin(), owners.end(), [&](const auto& owner) {
        return owner.uid == draft.rules.group.meta.uid;
      });
      if (owned == goes) continue;
      draft.note(SetClaimOwner{member.replica, sight.claim}, "whenDeleted has changed");
    }
  }
}

// What a pod tells of its role is written on it: Services select by it, and it outlives whoever
// asked. A term never goes back.
void setRoles(PlanDraft& draft) {
  for (const Member& member : draft.shard.members) {
    if (!member.role_told || !stays(member)) continue;
    const Symbol* role = member.pod->meta.labels.find(kRoleLabel);
    const Symbol* term = member.pod->meta.annotations.find(kTermAnnotation);
    const bool same = (role == nullptr ? Symbol() : *role) == member.role.role &&
                      (member.role.term == 0 ||
                       (term != nullptr && term->view() == std::to_string(member.role.term)));
    if (!same) draft.note(SetRole{member.replica, member.pod, member.role}, "its role has changed");
  }
}

// Last, since what a member answers must hold nothing else up.
void askMembers(PlanDraft& draft) {
  for (const Member& member : draft.shard.members) {
    if (const auto verb = openHook(member, draft.spec))
      draft.note(AskMember{member.replica, member.pod, *verb}, "it has started");
  }
}

// What takes nothing away needs no turn and no budget.
void changeQuietly(PlanDraft& draft) {
  if (draft.rules.halted) return;
  for (const Member& member : draft.shard.members) {
    if (member.in_place != InPlace::kQuiet || !member.wanted || !stays(member) || member.operation)
      continue;
    draft.act(
        ChangePod{member.replica, member.pod, member.revision, member.target, {}, false},
        fmt::format("update in place from {} to {}", member.revision.view(), member.target.view()),
        ShardWork::kRollingOut);
  }
}

}  // namespace

void restore(PlanDraft& draft) {
  adopt(draft);
  createClaims(draft);
}

void keepUp(PlanDraft& draft, bool quiet) {
  if (quiet) compact(draft);
  clearStaleRecords(draft);
  changeQuietly(draft);
  setCounts(draft);
  setClaimOwners(draft);
  setRoles(draft);
  askMembers(draft);
}

}  // namespace stowage::statefulgroup
