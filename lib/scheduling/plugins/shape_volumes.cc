#include "scheduling/plugins/shape_volumes.h"

namespace stowage::scheduling {

const VolumeFacts& volumeFactsOf(const StorageState& storage, const Shape& shape) {
  const VolumeNeeds& needs = *shape.spec.volumes;
  const bool known = shape.volume_facts != nullptr;
  if (known && shape.volume_facts_checked == storage.version()) return *shape.volume_facts;
  if (!known || shape.volume_facts->epoch != volumeEpoch(storage, needs)) {
    shape.volume_facts = makeVolumeFacts(storage, needs);
  }
  shape.volume_facts_checked = storage.version();
  return *shape.volume_facts;
}

bool usesClaim(const Shape& shape, const kubeapi::PersistentVolumeClaim& claim) {
  if (!shape.spec.volumes || !(shape.spec.volumes->ns == claim.meta.ns)) return false;
  return hasVolume(shape, [&](const kubeapi::PodVolume& volume) {
    return isClaim(volume) && volume.claim_name == claim.meta.name;
  });
}

}  // namespace stowage::scheduling
