#include "statefulgroup/plan/shard_order.h"

#include <algorithm>

#include "statefulgroup/labels.h"
#include "statefulgroup/plan/claim_progress.h"
#include "statefulgroup/quorum.h"

namespace stowage::statefulgroup {

using kubeapi::group::Spec;
using kubeapi::group::UpdateOrder;

namespace {

int priorityOf(const Member& member, const Spec& spec) {
  if (rollingUpdateOf(spec).order == UpdateOrder::kOrdinalDescending) return 0;
  int last = 0;
  for (const auto& role : spec.roles) {
    if (role.name == member.role.role) return role.update_priority;
    last = std::max(last, role.update_priority);
  }
  return last;  // who does not tell may be any
}

int votersFor(const ShardView& shard, const Spec& spec) {
  return std::max(shard.wanted ? wantedVoters(spec) : 0, shard.votersThere());
}

}  // namespace

std::vector<Member> inUpdateOrder(const ShardView& shard, const Spec& spec) {
  std::vector<Member> members;
  for (const Member& member : shard.members) {
    if (member.there()) members.push_back(member);
  }
  std::sort(members.begin(), members.end(), [&](const Member& a, const Member& b) {
    // Who an operation was begun on is finished first.
    if (a.operation.has_value() != b.operation.has_value()) return a.operation.has_value();
    const int left = priorityOf(a, spec);
    const int right = priorityOf(b, spec);
    return left != right ? left < right : a.replica.ordinal > b.replica.ordinal;
  });
  return members;
}

int availableWithout(const ShardView& shard, const Member& member) {
  return static_cast<int>(
      std::count_if(shard.members.begin(), shard.members.end(), [&](const Member& other) {
        return !(other.replica == member.replica) && other.voter && other.available() &&
               !other.operation;
      }));
}

int floorFor(const ShardView& shard, const Spec& spec) {
  return floorOf(spec, votersFor(shard, spec));
}

bool maySpare(const ShardView& shard, const Member& member, const Spec& spec) {
  return availableWithout(shard, member) >= floorFor(shard, spec);
}

bool mayLeave(const ShardView& shard, const Member& member, const Spec& spec) {
  const int voters = votersFor(shard, spec);
  if (!member.voter) return shard.availableVoters() >= floorOf(spec, voters);
  return shard.availableVoters() >= floorOf(spec, voters) &&
         availableWithout(shard, member) >= floorOf(spec, voters - 1);
}

bool hasBegunToLeave(const Member& member, const Spec& spec) {
  return spec.membership.mode != kubeapi::group::HookMode::kNone && member.operation &&
         member.operation->kind == OperationKind::kScaleIn;
}

bool knowsNewestTermAlone(const ShardView& shard, const Member& member) {
  if (member.role.term == 0) return false;
  return std::none_of(shard.members.begin(), shard.members.end(), [&](const Member& other) {
    return !(other.replica == member.replica) && other.there() &&
           other.role.term >= member.role.term;
  });
}

bool updateInFlight(const ShardView& shard) {
  return std::any_of(shard.members.begin(), shard.members.end(), [](const Member& member) {
    if (!member.wanted || member.available()) return member.wanted && member.operation.has_value();
    return !member.there() || member.state == MemberState::kTerminating || !member.outdated();
  });
}

bool isBeingChanged(const Member& member) {
  return member.operation && isInPlace(member.operation->kind) &&
         member.operation->revision == member.revision && !(member.settled() && member.available());
}

bool resizeFailed(const Member& member, const Spec& spec, WallTime now) {
  if (!member.wanted || !member.operation || member.outdated() || !member.settling.isResize() ||
      rollingUpdateOf(spec).pod_update_policy == kubeapi::group::PodUpdatePolicy::kInPlaceOnly)
    return false;
  const auto deadline = std::chrono::seconds(rollingUpdateOf(spec).progress_deadline_seconds);
  return member.settling.kind == Settling::Kind::kInfeasible ||
         now - member.operation->start >= deadline;
}

std::string whyMadeAnew(const Member& member, const Spec& spec, WallTime now) {
  if (resizeFailed(member, spec, now)) return "not resized in place: " + member.settling.what;
  if (untilRestart(member, spec, now) == base::Duration::zero())
    return "a file system grows with a new pod only";
  return {};
}

std::optional<int> slotOf(const kubeapi::MemberPod& pod) {
  const Symbol* slot = pod.meta.labels.find(kSlotLabel);
  return slot == nullptr ? std::nullopt : parseIndex(slot->view());
}

int slotOf(const Member& member) { return member.pod ? slotOf(*member.pod).value_or(-1) : -1; }

std::vector<int> slotsOf(const ShardView& shard) {
  std::vector<int> slots;
  for (const Member& member : shard.members) {
    if (member.there() && member.voter) slots.push_back(slotOf(member));
  }
  return slots;
}

}  // namespace stowage::statefulgroup
