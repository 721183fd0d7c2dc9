// How far claims are from what their template says: larger, of another attributes class, or waiting
// for their pod to be restarted. Pure. Source: core/v1 types.go (v0.36.3),
// PersistentVolumeClaimStatus.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "statefulgroup/plan/shard_view.h"

namespace stowage::statefulgroup {

// A bound claim asks for less than its template, or for another attributes class.
bool lacks(const kubeapi::PersistentVolumeClaim& claim,
           const kubeapi::group::ClaimTemplate& wanted);
// It asks for more or something else than its volume has, and nothing says that it cannot have it.
bool isChanging(const kubeapi::PersistentVolumeClaim& claim);
// Its volume cannot become what it asks for.
bool isRefused(const kubeapi::PersistentVolumeClaim& claim);
// Of any member.
bool anyClaimLacks(const std::vector<ShardView>& shards, const kubeapi::group::Spec& spec);

// The reason of condition StorageResizing by which a pass knows that the API server takes no change
// of claims: a class that does not let its volumes grow, for one. It is tried again and holds
// nothing up.
inline constexpr std::string_view kClaimsRefused = "NotSupported";
bool claimsWereRefused(const kubeapi::StatefulGroup& group);

// A volume that has grown under a running pod, and whose file system does not: nodes do that within
// moments where they can. How long it is still to be waited for; zero: the pod has to be made anew.
// nullopt: it is not that.
std::optional<base::Duration> untilRestart(const Member& member, const kubeapi::group::Spec& spec,
                                           WallTime now);

}  // namespace stowage::statefulgroup
