// What is asked about a shard before one of its members is taken away: who goes first, who can be
// spared, who is in flight. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "statefulgroup/plan/shard_view.h"

namespace stowage::statefulgroup {

// The members that are there in the order in which an update takes them: by the updatePriority of
// their roles, so that a leader is last, then from the highest ordinal down.
std::vector<Member> inUpdateOrder(const ShardView& shard, const kubeapi::group::Spec& spec);

// Invariant I1. Voters that serve without that member: available, and nothing is being done to
// them.
int availableWithout(const ShardView& shard, const Member& member);
// How many must serve: the floor of the voters that are there or wanted, whichever are more.
int floorFor(const ShardView& shard, const kubeapi::group::Spec& spec);
// Whether the shard can do without that member for a while.
bool maySpare(const ShardView& shard, const Member& member, const kubeapi::group::Spec& spec);
// Whether the shard can do without that member for good: it has its floor now, and those that stay
// have the floor of those that stay. Two voters become one in this way and in no other.
bool mayLeave(const ShardView& shard, const Member& member, const kubeapi::group::Spec& spec);

// The member may have left its membership already: it goes, even if it is wanted again, and its
// successor joins anew.
bool hasBegunToLeave(const Member& member, const kubeapi::group::Spec& spec);

// No other member has told of a term as high as that of this one, which is no leader any more or
// cannot be asked.
bool knowsNewestTermAlone(const ShardView& shard, const Member& member);

// A wanted member is between its removal and its being available again at the revision it is to
// have.
bool updateInFlight(const ShardView& shard);

// Changed in place and not yet what it was to become, or not available again.
bool isBeingChanged(const Member& member);
// Its node does not give it the resources that it is to have, or not in time: it gets a new pod,
// unless podUpdatePolicy is InPlaceOnly.
bool resizeFailed(const Member& member, const kubeapi::group::Spec& spec, WallTime now);

// Why a pod that is at its revision has to be made anew all the same; empty: it has not.
std::string whyMadeAnew(const Member& member, const kubeapi::group::Spec& spec, WallTime now);

// The slots of the voters that are there; slotOf: -1 when the pod names none.
std::vector<int> slotsOf(const ShardView& shard);
int slotOf(const Member& member);
std::optional<int> slotOf(const kubeapi::MemberPod& pod);

}  // namespace stowage::statefulgroup
