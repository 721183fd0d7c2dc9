// VolumeNeeds: the volumes of a pod that placement looks at, as part of what makes its shape. Pods
// without any have none, and share shapes as before. Value type, pure.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "kubeapi/pod.h"
#include "scheduling/volumes/claim_key.h"

namespace stowage::scheduling {

struct VolumeNeeds {
  Symbol ns;
  // Owner of the generic ephemeral volumes; empty without them.
  Symbol pod_name;
  Symbol pod_uid;
  // Claims (those of ephemeral volumes by the name they will have) and in-tree disks.
  std::vector<kubeapi::PodVolume> volumes;
  friend bool operator==(const VolumeNeeds&, const VolumeNeeds&) = default;

  [[nodiscard]] ClaimKey keyOf(const kubeapi::PodVolume& volume) const {
    return {ns, volume.claim_name};
  }
};

// nullopt: no volume of the pod matters to placement.
std::optional<VolumeNeeds> volumeNeedsOf(const kubeapi::Pod& pod);
std::size_t hashOf(const VolumeNeeds& needs);

// The volume is a claim, by its own name or by the pod's.
bool isClaim(const kubeapi::PodVolume& volume);
// Name of the claim behind a volume of the pod; empty when there is none. Source: component-helpers
// storage/ephemeral/ephemeral.go.
Symbol claimNameOf(const kubeapi::Pod& pod, const kubeapi::PodVolume& volume);

}  // namespace stowage::scheduling
