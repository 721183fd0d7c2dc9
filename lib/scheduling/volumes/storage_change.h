// StorageChange: one event about a storage object, as the watches deliver it; StorageOutage: a kind
// of them that cannot be read at all. Value types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "kubeapi/storage.h"

namespace stowage::scheduling {

// `after` null: the object is gone. `before` is what the sender knew; it may be null.
template <typename T>
struct ObjectChange {
  std::shared_ptr<const T> before;
  std::shared_ptr<const T> after;
};

using StorageChange =
    std::variant<ObjectChange<kubeapi::PersistentVolumeClaim>,
                 ObjectChange<kubeapi::PersistentVolume>, ObjectChange<kubeapi::StorageClass>,
                 ObjectChange<kubeapi::CsiNode>, ObjectChange<kubeapi::CsiDriver>,
                 ObjectChange<kubeapi::CsiStorageCapacity>,
                 ObjectChange<kubeapi::VolumeAttachment>>;

// In the order of StorageChange's alternatives.
enum class StorageKind : std::uint8_t {
  kClaims,
  kVolumes,
  kClasses,
  kCsiNodes,
  kCsiDrivers,
  kCapacities,
  kAttachments,
};
inline constexpr std::size_t kStorageKinds = std::variant_size_v<StorageChange>;

// "persistentvolumeclaims", "csinodes.storage.k8s.io": for messages.
std::string_view resourceNameOf(StorageKind kind);

struct StorageOutage {
  StorageKind kind = StorageKind::kClaims;
  std::string why;  // as the API server worded it; empty: it can be read now
};

}  // namespace stowage::scheduling
