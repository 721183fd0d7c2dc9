// ShardView: the members of one shard as a pass sees them: wanted or not, there or not, in which
// state and at which revision. Derived from observed objects only; nothing is remembered. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "statefulgroup/names.h"
#include "statefulgroup/observed.h"
#include "statefulgroup/plan/operation.h"
#include "statefulgroup/plan/settling.h"
#include "statefulgroup/plan/wanted.h"
#include "statefulgroup/ports.h"

namespace stowage::statefulgroup {

enum class MemberState : std::uint8_t {
  kAbsent,
  kPending,    // made, not running
  kStarting,   // running, not ready
  kReady,      // ready for less than minReadySeconds
  kAvailable,  // ready for that long
  kTerminating,
  kFailed,  // ended: Failed or Succeeded
};
std::string_view text(MemberState state);

// How an outdated pod gets to its revision as it is.
enum class InPlace : std::uint8_t {
  kNo,       // it has to be made anew
  kQuiet,    // by labels, annotations or tolerations alone: nobody notices
  kResize,   // its amounts change, and nothing is restarted
  kRestart,  // containers are restarted, and the member is away meanwhile
};

struct ClaimSight {
  Symbol claim_template;
  std::string name;
  kubeapi::PersistentVolumeClaimPtr claim;  // null: not there, as far as is seen

  [[nodiscard]] bool terminating() const { return claim && claim->meta.deletion_time.has_value(); }
  // Left by a member that was removed from its shard's consensus.
  [[nodiscard]] bool quarantined() const;
};

struct Member {
  Replica replica;
  bool wanted = false;
  bool voter = true;
  MemberState state = MemberState::kAbsent;
  kubeapi::MemberPodPtr pod;  // null: absent
  std::string foreign;        // "Kind/name" that owns the pod of that name; then `pod` is null
  bool orphan = false;        // the pod has no owner: to be adopted
  Symbol revision;            // of the pod
  Symbol target;              // at which it is to be
  NodeSight node;
  RoleSight role;
  std::optional<Operation> operation;
  bool role_told = false;  // by the pod itself, just now; else it is what is written on it
  bool joined = false;     // annotations: hooks that were answered
  bool caught_up = false;
  bool replacement_asked = false;  // by somebody, with an annotation
  InPlace in_place = InPlace::kNo;
  Settling settling;               // what the node still has to do of a change in place
  std::vector<ClaimSight> claims;  // one per claim template
  // Since when its shard's budget takes a pod of its name for evicted; absent: it does not.
  std::optional<WallTime> evicted;

  [[nodiscard]] bool outdated() const { return pod && !target.empty() && !(revision == target); }
  [[nodiscard]] bool available() const { return state == MemberState::kAvailable; }
  [[nodiscard]] bool there() const { return pod != nullptr; }
  [[nodiscard]] bool settled() const { return settling.kind == Settling::Kind::kSettled; }
};

// What a member that runs still has to be asked before it counts as settled; nullopt: nothing.
std::optional<HookVerb> openHook(const Member& member, const kubeapi::group::Spec& spec);

struct ShardView {
  int index = 0;
  bool wanted = true;           // spec.shards counts it
  std::vector<Member> members;  // wanted or there, by ordinal

  [[nodiscard]] int countPods() const;
  // Members with a vote that are there, apart from those that have ended.
  [[nodiscard]] int votersThere() const;
  [[nodiscard]] int availableVoters() const;
  [[nodiscard]] bool available() const;  // every wanted member is, and nobody else is there
};

// The shards by index; also those with pods that spec.shards has no more.
std::vector<ShardView> viewShards(const Observed& observed, const Names& names,
                                  const Targets& targets, WallTime now);

// The controller among the owners; nullptr: none.
const kubeapi::OwnerReference* controllerOf(const kubeapi::ObjectMeta& meta);
// Owned, as controller, by the group with that very uid.
bool isOwnedBy(const kubeapi::ObjectMeta& meta, const kubeapi::StatefulGroup& group);
// Left behind by a group of that name (kubectl delete --cascade=orphan): the operator made it, and
// it has no owner.
bool isOrphanOf(const kubeapi::ObjectMeta& meta, const kubeapi::StatefulGroup& group);

}  // namespace stowage::statefulgroup
