#include "scheduling/volumes/attachable.h"

#include <utility>

#include "scheduling/volumes/csi_migration.h"

namespace stowage::scheduling {
namespace {

using kubeapi::PersistentVolumeClaim;

std::optional<Attachable> attachableOfClass(const StorageState& storage,
                                            const PersistentVolumeClaim& claim) {
  const auto cls = storage.storageClass(classOf(claim));
  if (cls == nullptr) return std::nullopt;
  Attachable made;
  made.driver = cls->provisioner;
  if (const MigratedPlugin* plugin = migratedProvisioner(cls->provisioner.view())) {
    made.driver = plugin->driver;
  }
  if (made.driver.empty()) return std::nullopt;
  // Not a handle that a driver could make: no volume id starts with a blank.
  made.unique =
      made.driver.str() + "/ unbound " + claim.meta.ns.str() + "/" + claim.meta.name.str();
  return made;
}

}  // namespace

std::optional<Attachable> attachableOf(const StorageState& storage,
                                       const PersistentVolumeClaim& claim) {
  const StorageState::Volume* volume =
      claim.volume_name.empty() ? nullptr : storage.volume(claim.volume_name);
  if (volume == nullptr) return attachableOfClass(storage, claim);
  const kubeapi::VolumeSource& source = volume->object->source;
  Attachable made;
  CsiVolume csi{source.driver, source.handle};
  if (source.plugin.view() != "csi") {
    const MigratedPlugin* plugin = migratedPlugin(source);
    if (plugin == nullptr) return std::nullopt;
    auto translated = csiVolumeOf(*plugin, *volume->object);
    if (!translated) return std::nullopt;
    csi = std::move(*translated);
  }
  if (csi.driver.empty() || csi.handle.empty()) return std::nullopt;
  made.driver = csi.driver;
  made.unique = csi.driver.str() + "/" + csi.handle.str();
  return made;
}

}  // namespace stowage::scheduling
