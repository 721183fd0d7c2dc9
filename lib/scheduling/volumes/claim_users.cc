#include "scheduling/volumes/claim_users.h"

#include <algorithm>

#include "scheduling/volumes/volume_needs.h"

namespace stowage::scheduling {

void ClaimUsers::add(const kubeapi::Pod& pod, const NodeInfo& node) {
  for (const kubeapi::PodVolume& volume : pod.spec.volumes) {
    if (!isClaim(volume)) continue;
    Use& use = uses_[{pod.meta.ns, claimNameOf(pod, volume)}];
    use.nodes.push_back(&node);
    if (volume.kind == kubeapi::PodVolume::Kind::kClaim) ++use.by_name;
  }
}

void ClaimUsers::remove(const kubeapi::Pod& pod, const NodeInfo& node) {
  for (const kubeapi::PodVolume& volume : pod.spec.volumes) {
    if (!isClaim(volume)) continue;
    const auto found = uses_.find({pod.meta.ns, claimNameOf(pod, volume)});
    if (found == uses_.end()) continue;
    auto& nodes = found->second.nodes;
    const auto at = std::find(nodes.begin(), nodes.end(), &node);
    if (at == nodes.end()) continue;
    *at = nodes.back();
    nodes.pop_back();
    if (volume.kind == kubeapi::PodVolume::Kind::kClaim) --found->second.by_name;
    if (nodes.empty()) uses_.erase(found);
  }
}

std::size_t ClaimUsers::count(const ClaimKey& claim) const {
  const auto found = uses_.find(claim);
  return found == uses_.end() ? 0 : found->second.by_name;
}

const std::vector<const NodeInfo*>& ClaimUsers::nodes(const ClaimKey& claim) const {
  static const std::vector<const NodeInfo*> none;
  const auto found = uses_.find(claim);
  return found == uses_.end() ? none : found->second.nodes;
}

bool operator==(const ClaimUsers& a, const ClaimUsers& b) {
  if (a.uses_.size() != b.uses_.size()) return false;
  return std::all_of(a.uses_.begin(), a.uses_.end(), [&](const auto& entry) {
    const auto& [claim, use] = entry;
    if (b.count(claim) != use.by_name) return false;
    auto mine = use.nodes;
    auto theirs = b.nodes(claim);
    std::sort(mine.begin(), mine.end());
    std::sort(theirs.begin(), theirs.end());
    return mine == theirs;
  });
}

}  // namespace stowage::scheduling
