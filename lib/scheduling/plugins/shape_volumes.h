// What storage says about the volumes of a shape, remembered with the shape and renewed when
// something that it is made of has changed. Used by the volume filters; single-threaded.
#pragma once

#include <cstdint>

#include "scheduling/shapes/shape.h"
#include "scheduling/volumes/volume_facts.h"

namespace stowage::scheduling {

// `shape` has volumes (spec.volumes is set). Valid until storage changes or the shape goes.
const VolumeFacts& volumeFactsOf(const StorageState& storage, const Shape& shape);

// Some volume of the shape is of a kind for which `wanted` is true.
template <typename Wanted>
bool hasVolume(const Shape& shape, const Wanted& wanted) {
  if (!shape.spec.volumes) return false;
  for (const kubeapi::PodVolume& volume : shape.spec.volumes->volumes) {
    if (wanted(volume)) return true;
  }
  return false;
}

// A claim of the shape: named by its pods, or made for an ephemeral volume.
bool usesClaim(const Shape& shape, const kubeapi::PersistentVolumeClaim& claim);

}  // namespace stowage::scheduling
