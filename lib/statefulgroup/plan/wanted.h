// Which replicas a spec wants, and at which revision. Pure functions.
#pragma once

#include <vector>

#include "kubeapi/stateful_group.h"
#include "statefulgroup/names.h"

namespace stowage::statefulgroup {

using base::Symbol;

// Ordinals of a shard that are to exist, ascending: from ordinals.start on, without those that
// offlineReplicas leaves out, also while the group is hibernated. None when it has no such shard.
std::vector<int> wantedOrdinals(const kubeapi::group::Spec& spec, int shard);

// Whether offlineReplicas names it.
bool isOffline(const kubeapi::group::Spec& spec, Replica replica);

// Names of the revisions that pods are rendered from.
struct Targets {
  Symbol update;   // of the present spec; empty: it has none that the API server takes
  Symbol current;  // last wholly rolled out; empty: none yet
};

// The revision at which a pod of that replica is made, now: `update`, or `current` below the
// partitions. A pod that is there at another one is outdated.
Symbol targetOf(const kubeapi::group::Spec& spec, const Targets& targets, Replica replica);

// How many shards may have a replica in flight for an update at once: at least one.
int maxUnavailableShards(const kubeapi::group::Spec& spec);

// The claim template of that name; nullptr: there is none.
const kubeapi::group::ClaimTemplate* claimTemplate(const kubeapi::group::Spec& spec,
                                                   const Symbol& name);

// Whether a new replica takes the claim that a removed one left, or waits for somebody to look at
// it.
bool reusesClaims(const kubeapi::group::Spec& spec);

const kubeapi::group::RollingUpdate& rollingUpdateOf(const kubeapi::group::Spec& spec);

}  // namespace stowage::statefulgroup
