#include "scheduling/volumes/volume_needs.h"

#include "scheduling/hashing.h"

namespace stowage::scheduling {

using Kind = kubeapi::PodVolume::Kind;

bool isClaim(const kubeapi::PodVolume& volume) {
  return volume.kind == Kind::kClaim || volume.kind == Kind::kEphemeral;
}

Symbol claimNameOf(const kubeapi::Pod& pod, const kubeapi::PodVolume& volume) {
  if (volume.kind == Kind::kClaim) return volume.claim_name;
  if (volume.kind == Kind::kEphemeral) return pod.meta.name.str() + "-" + volume.name.str();
  return {};
}

std::optional<VolumeNeeds> volumeNeedsOf(const kubeapi::Pod& pod) {
  VolumeNeeds needs;
  for (const kubeapi::PodVolume& volume : pod.spec.volumes) {
    if (volume.kind == Kind::kImage || volume.kind == Kind::kOtherAttachable) continue;
    kubeapi::PodVolume& kept = needs.volumes.emplace_back(volume);
    kept.claim_name = claimNameOf(pod, volume);
    kept.name = {};
    if (volume.kind == Kind::kEphemeral) {
      needs.pod_name = pod.meta.name;
      needs.pod_uid = pod.meta.uid;
    }
  }
  if (needs.volumes.empty()) return std::nullopt;
  needs.ns = pod.meta.ns;
  return needs;
}

std::size_t hashOf(const VolumeNeeds& needs) {
  HashBuilder hash;
  hash.add(needs.ns);
  hash.add(needs.pod_uid);
  hash.add(needs.volumes.size());
  for (const kubeapi::PodVolume& volume : needs.volumes) {
    hash.add(static_cast<std::uint64_t>(volume.kind));
    hash.add(volume.claim_name);
    hash.add(volume.handle);
    hash.add(static_cast<std::uint64_t>(volume.read_only));
  }
  return hash.value();
}

}  // namespace stowage::scheduling
