#include "statefulgroup/plan/shard_view.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <unordered_map>

#include "statefulgroup/labels.h"
#include "statefulgroup/quorum.h"

namespace stowage::statefulgroup {

using kubeapi::MemberPod;
using kubeapi::group::RoleQuorum;
using kubeapi::group::Spec;

namespace {

MemberState stateOf(const MemberPod& pod, const Spec& spec, WallTime now) {
  // An ended pod that is being deleted is still in the way of its successor.
  if (pod.meta.deletion_time) return MemberState::kTerminating;
  if (kubeapi::isTerminal(pod)) return MemberState::kFailed;
  if (kubeapi::isAvailable(pod, spec.min_ready_seconds, now)) return MemberState::kAvailable;
  if (kubeapi::isReady(pod)) return MemberState::kReady;
  return pod.phase == "Running" ? MemberState::kStarting : MemberState::kPending;
}

Symbol labelOf(const kubeapi::ObjectMeta& meta, std::string_view key) {
  const Symbol* value = meta.labels.find(key);
  return value == nullptr ? Symbol() : *value;
}

// What a pod was last known to be.
RoleSight writtenRole(const kubeapi::ObjectMeta& meta) {
  RoleSight sight{labelOf(meta, kRoleLabel), 0};
  if (const Symbol* term = meta.annotations.find(kTermAnnotation)) {
    const std::string_view digits = term->view();
    std::from_chars(digits.data(), digits.data() + digits.size(), sight.term);
  }
  return sight;
}

bool observes(const Spec& spec, const Symbol& role) {
  return std::any_of(spec.roles.begin(), spec.roles.end(), [&](const auto& known) {
    return known.name == role && known.quorum == RoleQuorum::kObserves;
  });
}

// Fills groups with members; one is used once.
class Viewer {
 public:
  Viewer(const Observed& observed, const Names& names, const Targets& targets, WallTime now)
      : observed_(observed),
        names_(names),
        targets_(targets),
        now_(now),
        spec_(observed.group->spec) {
    for (const auto& claim : observed.claims) claims_.emplace(claim->meta.name, claim);
    for (const auto& budget : observed.budgets) {
      if (isOwnedBy(budget->meta, *observed.group)) budgets_.emplace(budget->meta.name, budget);
    }
  }

  std::vector<ShardView> view() {
    for (int shard = 0; shard < spec_.shards; ++shard) shards_[shard];
    placePods();
    if (spec_.claim_retention.when_scaled == kubeapi::group::Retention::kDelete) placeClaims();
    std::vector<ShardView> views;
    for (auto& [index, pods] : shards_) views.push_back(shard(index, pods));
    return views;
  }

 private:
  struct Seen {
    kubeapi::MemberPodPtr pod;
    std::string foreign;
  };
  using Pods = std::map<int, Seen>;  // by ordinal

  void placePods() {
    for (const kubeapi::MemberPodPtr& pod : observed_.pods) {
      const auto replica = names_.replicaOf(pod->meta.name.view());
      if (!replica) continue;
      const kubeapi::OwnerReference* owner = controllerOf(pod->meta);
      if (owner != nullptr && !(owner->uid == observed_.group->meta.uid)) {
        shards_[replica->shard][replica->ordinal].foreign =
            owner->kind.str() + "/" + owner->name.str();
        continue;
      }
      shards_[replica->shard][replica->ordinal].pod = pod;
    }
  }

  // Claims outlive their pods: whoever left some is a member until they are gone.
  void placeClaims() {
    for (const auto& claim : observed_.claims) {
      if (!(labelOf(claim->meta, kGroupUidLabel) == observed_.group->meta.uid)) continue;
      const auto shard = parseIndex(labelOf(claim->meta, kShardLabel).view());
      const auto ordinal = parseIndex(labelOf(claim->meta, kOrdinalLabel).view());
      if (shard && ordinal) shards_[*shard].try_emplace(*ordinal);
    }
  }

  ShardView shard(int index, const Pods& pods) {
    ShardView view;
    view.index = index;
    view.wanted = index < spec_.shards;
    const std::vector<int> wanted = wantedOrdinals(spec_, index);
    std::map<int, Member> members;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      Member& member = members[wanted[i]];
      member.wanted = true;
      member.voter = static_cast<int>(i) < wantedVoters(spec_);
    }
    for (const auto& [ordinal, seen] : pods) {
      members[ordinal].pod = seen.pod;
      members[ordinal].foreign = seen.foreign;
    }
    for (auto& [ordinal, member] : members) {
      member.replica = {index, ordinal};
      fill(member);
      view.members.push_back(std::move(member));
    }
    return view;
  }

  void fill(Member& member) {
    member.target = targetOf(spec_, targets_, member.replica);
    if (const auto budget = budgets_.find(Symbol(names_.budget(member.replica.shard)));
        budget != budgets_.end()) {
      const Symbol pod(names_.pod(member.replica));
      if (const auto* evicted = kubeapi::findDisrupted(*budget->second, pod))
        member.evicted = evicted->since;
    }
    for (const auto& claim_template : spec_.claim_templates) {
      ClaimSight sight;
      sight.claim_template = claim_template.name;
      sight.name = names_.claim(claim_template.name.view(), member.replica);
      const auto found = claims_.find(sight.name);
      if (found != claims_.end()) sight.claim = found->second;
      member.claims.push_back(std::move(sight));
    }
    if (member.pod != nullptr) fillFromPod(member, *member.pod);
  }

  void fillFromPod(Member& member, const MemberPod& pod) {
    member.state = stateOf(pod, spec_, now_);
    member.orphan = controllerOf(pod.meta) == nullptr;
    member.revision = labelOf(pod.meta, kRevisionLabel);
    if (const auto node = observed_.nodes.find(pod.node_name); node != observed_.nodes.end())
      member.node = node->second;
    const auto role = observed_.roles.find(pod.meta.uid);
    member.role = role != observed_.roles.end() ? role->second : writtenRole(pod.meta);
    member.role_told = role != observed_.roles.end();
    member.joined = pod.meta.annotations.find(kJoinedAnnotation) != nullptr;
    member.caught_up = pod.meta.annotations.find(kCaughtUpAnnotation) != nullptr;
    member.replacement_asked = pod.meta.annotations.find(kReplaceAnnotation) != nullptr;
    if (observes(spec_, member.role.role)) member.voter = false;
    if (const Symbol* record = pod.meta.annotations.find(kOperationAnnotation))
      member.operation = decodeOperation(record->view());
    if (member.operation && member.operation->revision == member.revision)
      member.settling = settlingOf(pod, *member.operation, spec_.min_ready_seconds, now_);
  }

  const Observed& observed_;
  const Names& names_;
  const Targets& targets_;
  const WallTime now_;
  const Spec& spec_;
  std::unordered_map<Symbol, kubeapi::PersistentVolumeClaimPtr> claims_;
  std::unordered_map<Symbol, kubeapi::PodDisruptionBudgetPtr> budgets_;  // the group's
  std::map<int, Pods> shards_;
};

}  // namespace

std::string_view text(MemberState state) {
  constexpr std::array<std::string_view, 7> kTexts = {
      "absent", "pending", "not ready", "ready for too short", "available", "terminating", "ended"};
  return kTexts.at(static_cast<std::size_t>(state));
}

std::optional<HookVerb> openHook(const Member& member, const Spec& spec) {
  using kubeapi::group::GateMode;
  using kubeapi::group::HookMode;
  const bool runs = member.state == MemberState::kStarting || member.state == MemberState::kReady ||
                    member.state == MemberState::kAvailable;
  if (!runs || !member.wanted) return std::nullopt;
  if (spec.membership.mode != HookMode::kNone && !member.joined) return HookVerb::kJoin;
  if (spec.health_gates.mode != GateMode::kNone && !member.caught_up && member.available() &&
      member.settled())
    return HookVerb::kPostRestart;
  return std::nullopt;
}

bool ClaimSight::quarantined() const {
  return claim && claim->meta.annotations.find(kQuarantineAnnotation) != nullptr;
}

int ShardView::countPods() const {
  return static_cast<int>(std::count_if(members.begin(), members.end(),
                                        [](const Member& member) { return member.there(); }));
}

int ShardView::votersThere() const {
  return static_cast<int>(std::count_if(members.begin(), members.end(), [](const Member& member) {
    return member.there() && member.voter && member.state != MemberState::kFailed;
  }));
}

int ShardView::availableVoters() const {
  return static_cast<int>(std::count_if(members.begin(), members.end(), [](const Member& member) {
    return member.voter && member.available();
  }));
}

bool ShardView::available() const {
  return std::all_of(members.begin(), members.end(), [](const Member& member) {
    return member.wanted ? member.available() && member.settled() : !member.there();
  });
}

const kubeapi::OwnerReference* controllerOf(const kubeapi::ObjectMeta& meta) {
  const auto found = std::find_if(meta.owners.begin(), meta.owners.end(),
                                  [](const auto& owner) { return owner.controller; });
  return found == meta.owners.end() ? nullptr : &*found;
}

bool isOwnedBy(const kubeapi::ObjectMeta& meta, const kubeapi::StatefulGroup& group) {
  const kubeapi::OwnerReference* owner = controllerOf(meta);
  return owner != nullptr && owner->uid == group.meta.uid;
}

bool isOrphanOf(const kubeapi::ObjectMeta& meta, const kubeapi::StatefulGroup& group) {
  return meta.owners.empty() && !meta.deletion_time &&
         labelOf(meta, kManagedByLabel) == Symbol(kManagedBy) &&
         labelOf(meta, kGroupLabel) == group.meta.name && !labelOf(meta, kGroupUidLabel).empty();
}

std::vector<ShardView> viewShards(const Observed& observed, const Names& names,
                                  const Targets& targets, WallTime now) {
  return Viewer(observed, names, targets, now).view();
}

}  // namespace stowage::statefulgroup
