#include "statefulgroup/plan/claim_progress.h"

#include <algorithm>

namespace stowage::statefulgroup {

using kubeapi::Condition;
using kubeapi::PersistentVolumeClaim;
using kubeapi::group::ClaimTemplate;
using kubeapi::group::ExpansionPolicy;
using kubeapi::group::Spec;
using kubeapi::group::UpdateType;

namespace {

// A node looks at its mounted volumes every minute or so (reconciler and populator of
// pkg/kubelet/volumemanager, v1.36.3).
constexpr std::chrono::seconds kNodeTime(120);

bool isBound(const PersistentVolumeClaim& claim) { return claim.phase == "Bound"; }

}  // namespace

bool lacks(const PersistentVolumeClaim& claim, const ClaimTemplate& wanted) {
  return isBound(claim) &&
         (claim.request < wanted.storage ||
          (!wanted.attributes_class.empty() && claim.attributes_class != wanted.attributes_class));
}

bool isRefused(const PersistentVolumeClaim& claim) {
  return claim.resize_status.view().ends_with("Infeasible") || claim.modify_status == "Infeasible";
}

bool isChanging(const PersistentVolumeClaim& claim) {
  if (!isBound(claim) || isRefused(claim)) return false;
  const bool grows = claim.capacity && *claim.capacity < claim.request;
  const bool modified =
      !claim.attributes_class.empty() && claim.current_attributes_class != claim.attributes_class;
  return grows || modified;
}

bool anyClaimLacks(const std::vector<ShardView>& shards, const Spec& spec) {
  for (const ShardView& shard : shards) {
    for (const Member& member : shard.members) {
      for (const ClaimSight& sight : member.claims) {
        const ClaimTemplate* wanted = claimTemplate(spec, sight.claim_template);
        if (sight.claim && wanted != nullptr && lacks(*sight.claim, *wanted)) return true;
      }
    }
  }
  return false;
}

bool claimsWereRefused(const kubeapi::StatefulGroup& group) {
  const Condition* condition = kubeapi::findCondition(group.status.conditions, "StorageResizing");
  return condition != nullptr && condition->reason == kClaimsRefused &&
         condition->observed_generation == group.meta.generation;
}

std::optional<base::Duration> untilRestart(const Member& member, const Spec& spec, WallTime now) {
  if (!member.wanted || !member.there() || spec.expansion_policy != ExpansionPolicy::kOnline ||
      spec.update_strategy.type == UpdateType::kOnDelete)
    return std::nullopt;
  for (const ClaimSight& sight : member.claims) {
    if (!sight.claim || !isChanging(*sight.claim)) continue;
    const Condition* pending =
        kubeapi::findCondition(sight.claim->conditions, "FileSystemResizePending");
    if (pending == nullptr || pending->status != "True" || !pending->last_transition_time) continue;
    // A pod that came later has mounted it grown, or is about to.
    const auto& made = member.pod->meta.creation_time;
    if (!made || *made >= *pending->last_transition_time) continue;
    return std::max<base::Duration>(*pending->last_transition_time + kNodeTime - now,
                                    base::Duration::zero());
  }
  return std::nullopt;
}

}  // namespace stowage::statefulgroup
