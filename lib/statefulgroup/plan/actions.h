// Actions: what a pass may do about the members of a group. Plain values: the planner makes them,
// the reconciler carries them out, tests look at them. Everything that takes something away carries
// what it was decided on, so that the write is refused when that has changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "statefulgroup/plan/shard_view.h"

namespace stowage::statefulgroup {

// Its claims, where they are missing, then its pod.
struct CreateMember {
  Replica replica;
  Symbol revision;
  std::optional<int> slot;  // voters only
};

// A pod is there that waits for claims which are not.
struct CreateClaims {
  Replica replica;
};

// A pod becomes one of another revision as it is.
struct ChangePod {
  Replica replica;
  kubeapi::MemberPodPtr pod;
  Symbol from;
  Symbol to;
  // Where somebody may notice; written on the pod first. kInPlace: containers are restarted.
  std::optional<Operation> operation = {};
  // Of one's own will: the shard must do without it meanwhile.
  bool voluntary = false;
};

// A pod without an owner, as a group leaves it that was deleted with --cascade=orphan.
struct AdoptPod {
  Replica replica;
  kubeapi::MemberPodPtr pod;
};

// How a pod goes.
enum class Removal : std::uint8_t {
  kEvict,   // through pods/eviction: budgets decide
  kDelete,  // it does not serve, or no budget can allow it; refused when it changed since
};

struct RemovePod {
  Replica replica;
  kubeapi::MemberPodPtr pod;
  Removal removal = Removal::kEvict;
  // Of one's own will: the shard must do without it. Then `operation` is written on the pod first.
  bool voluntary = false;
  std::optional<Operation> operation;
};

// Takes back the record of an operation that is no more wanted.
struct ClearOperation {
  Replica replica;
  kubeapi::MemberPodPtr pod;
};

struct SetSlot {
  Replica replica;
  kubeapi::MemberPodPtr pod;
  int slot = 0;
};

// A claim that nobody is to have again: deleted when the API server says so itself, live, that its
// member is out.
struct DropClaim {
  Replica replica;
  kubeapi::PersistentVolumeClaimPtr claim;
};

// A member that is about to leave its shard's consensus leaves its claims to nobody.
struct QuarantineClaim {
  Replica replica;
  kubeapi::PersistentVolumeClaimPtr claim;
};

// The claim is to ask for at least what its template says, and its attributes class.
struct ChangeClaim {
  Replica replica;
  Symbol claim_template;
  kubeapi::PersistentVolumeClaimPtr claim;
};

// A member is down, and its volumes may be what it will never have again: those that the API server
// says so of, live, are given up, and its pod with them.
struct ReplaceVolumes {
  Replica replica;
  kubeapi::MemberPodPtr pod;  // null: it has none
  std::vector<kubeapi::PersistentVolumeClaimPtr> claims;
};

// A member that has started is asked to join, or whether it has caught up.
struct AskMember {
  Replica replica;
  kubeapi::MemberPodPtr pod;
  HookVerb verb = HookVerb::kJoin;
};

// The role that the pod told of is to be on its label.
struct SetRole {
  Replica replica;
  kubeapi::MemberPodPtr pod;
  RoleSight role;
};

// The numbers of shards and replicas as the pod is told of them, by annotations, have changed.
struct SetCounts {
  Replica replica;
  kubeapi::MemberPodPtr pod;
};

// The claim is to go with the group, or to stay: its owners are to say so.
struct SetClaimOwner {
  Replica replica;
  kubeapi::PersistentVolumeClaimPtr claim;
};

using Step = std::variant<CreateMember, CreateClaims, ChangePod, AdoptPod, RemovePod,
                          ClearOperation, SetSlot, SetCounts, AskMember, SetRole, DropClaim,
                          QuarantineClaim, ChangeClaim, ReplaceVolumes, SetClaimOwner>;

struct Action {
  Step step;
  std::string reason;  // why, for people: events and logs
};

Replica replicaOf(const Action& action);

// The operation as it is recorded on the member already, or a new one.
Operation operationOn(const Member& member, OperationKind kind, const Symbol& revision,
                      WallTime now);
// A member that is outdated becomes one of its revision as it is, with its record.
ChangePod changeInPlace(const Member& member, WallTime now, bool voluntary);

}  // namespace stowage::statefulgroup
