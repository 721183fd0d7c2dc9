// Quorum arithmetic: how many members of a shard must stay, and the budget that says so to drains.
// Pure functions. Notation: V voters, q = floor(V/2)+1 their quorum, m >= q the floor.
#pragma once

#include <optional>

#include "kubeapi/stateful_group.h"

namespace stowage::statefulgroup {

// A majority of that many voters; 0 of none.
int quorumOf(int voters);
// How many of them may be missing while the others still are a majority.
int toleratedFailures(int voters);

// How many of the replicas that the spec wants in each shard vote.
int wantedVoters(const kubeapi::group::Spec& spec);

// The floor m: how many of `voters` must be available before and after anything that is done of
// free will. Never above `voters`. The only voter of a shard may go when disruption.singleReplica
// is Allow; of two voters one may go when the user consented with budget MinAvailable.
int floorOf(const kubeapi::group::Spec& spec, int voters);

// What is there of a shard. Unknown numbers are 0: then what the spec wants counts.
struct ShardSize {
  int voters = 0;   // members with a vote
  int members = 0;  // in the member list, learners too
  int pods = 0;     // that the budget's selector finds
};

// minAvailable of the shard's PodDisruptionBudget: an integer, because percentages and
// maxUnavailable are taken of what is found and shrink with it. P - (V - m), P being the largest of
// what is wanted, listed and found: a budget cannot tell voters from learners, so all that may be
// missing is taken to be voters. Holds for the voters that are there and for those wanted. nullopt:
// no budget.
std::optional<int> minAvailable(const kubeapi::group::Spec& spec, const ShardSize& seen);

// The same across a change of the shard: right before it, while it is under way and after it. What
// is published before a change is made; when it is done, minAvailable() lowers it.
std::optional<int> minAvailableAcross(const kubeapi::group::Spec& spec, const ShardSize& before,
                                      const ShardSize& after);

}  // namespace stowage::statefulgroup
