#include "scheduling/cycle/storage_intake.h"

#include <algorithm>

#include "base/log.h"
#include "kubeapi/kept_annotations.h"
#include "scheduling/volumes/csi_migration.h"
#include "scheduling/volumes/volume_facts.h"
#include "scheduling/volumes/volume_needs.h"

namespace stowage::scheduling {
namespace {

using kubeapi::CsiNode;

bool sameRules(const std::vector<ZoneRule>& a, const std::vector<ZoneRule>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(),
      [](const ZoneRule& x, const ZoneRule& y) { return x.key == y.key && x.values == y.values; });
}

// A driver without a limit counts as 0 here, so that its first limit wakes too.
std::int32_t limitIn(const CsiNode& node, const Symbol& driver) {
  for (const kubeapi::CsiNodeDriver& each : node.drivers) {
    if (each.name == driver) return each.volume_limit.value_or(0);
  }
  return 0;
}

bool raisesALimit(const CsiNode& before, const CsiNode& after) {
  return std::any_of(after.drivers.begin(), after.drivers.end(),
                     [&](const kubeapi::CsiNodeDriver& driver) {
                       return driver.volume_limit.value_or(0) > limitIn(before, driver.name);
                     });
}

bool sameMigration(const CsiNode& a, const CsiNode& b) {
  static const Symbol annotation(kubeapi::kMigratedPlugins);
  const Symbol* one = a.meta.annotations.find(annotation);
  const Symbol* other = b.meta.annotations.find(annotation);
  return (one == nullptr ? Symbol() : *one) == (other == nullptr ? Symbol() : *other);
}

const std::optional<kubeapi::Quantity>& limitOf(const kubeapi::CsiStorageCapacity& pool) {
  return pool.maximum_volume_size ? pool.maximum_volume_size : pool.capacity;
}

// Fills in what the event is for waiting pods; kinds 0: nothing.
void describe(const ObjectChange<kubeapi::PersistentVolumeClaim>& change, ClusterEvent& event) {
  if (change.after == nullptr) return;
  const bool added = change.before == nullptr;
  event.kinds = added ? kClaimAdd : kClaimUpdate;
  event.label = added ? "PersistentVolumeClaimAdd" : "PersistentVolumeClaimUpdate";
  event.claim = change.after.get();
}

void describe(const ObjectChange<kubeapi::PersistentVolume>& change, ClusterEvent& event) {
  if (change.after == nullptr) return;
  event.label = "PersistentVolumeAdd";
  event.kinds = kVolumeAdd;
  if (change.before == nullptr) return;
  event.label = "PersistentVolumeUpdate";
  event.kinds = kVolumeUpdate;
  if (!sameRules(zoneRulesOf(*change.before), zoneRulesOf(*change.after))) {
    event.kinds |= kVolumeZones;
  }
}

void describe(const ObjectChange<kubeapi::StorageClass>& change, ClusterEvent& event) {
  if (change.after == nullptr) return;
  event.storage_class = change.after.get();
  if (change.before == nullptr) {
    event.kinds = kClassAdd;
    event.label = "storage.k8s.io/StorageClassAdd";
  } else if (!(change.before->allowed_topologies == change.after->allowed_topologies)) {
    event.kinds = kClassTopologies;
    event.label = "storage.k8s.io/StorageClassUpdate";
  }
}

void describe(const ObjectChange<CsiNode>& change, ClusterEvent& event) {
  if (change.after == nullptr) return;
  if (change.before == nullptr) {
    event.kinds = kCsiNodeAdd;
    event.label = "storage.k8s.io/CSINodeAdd";
    return;
  }
  event.label = "storage.k8s.io/CSINodeUpdate";
  if (raisesALimit(*change.before, *change.after)) event.kinds |= kCsiNodeLimitRaised;
  if (!sameMigration(*change.before, *change.after)) event.kinds |= kCsiNodeMigration;
}

void describe(const ObjectChange<kubeapi::CsiDriver>& change, ClusterEvent& event) {
  if (change.before == nullptr || !change.before->storage_capacity) return;
  if (change.after != nullptr && change.after->storage_capacity) return;
  event.kinds = kCsiDriverUnlimited;
  event.label = "storage.k8s.io/CSIDriverUpdate";
}

void describe(const ObjectChange<kubeapi::CsiStorageCapacity>& change, ClusterEvent& event) {
  if (change.after == nullptr) return;
  event.label = "storage.k8s.io/CSIStorageCapacityAdd";
  if (change.before != nullptr) {
    const auto& now = limitOf(*change.after);
    const auto& old = limitOf(*change.before);
    if (!now || (old && now->value() <= old->value())) return;
    event.label = "storage.k8s.io/CSIStorageCapacityUpdate";
  }
  event.kinds = kCapacityMore;
}

void describe(const ObjectChange<kubeapi::VolumeAttachment>& change, ClusterEvent& event) {
  if (change.after != nullptr || change.before == nullptr) return;
  event.kinds = kAttachmentGone;
  event.label = "storage.k8s.io/VolumeAttachmentDelete";
  event.attachment = change.before.get();
}

}  // namespace

StorageChange StorageIntake::changed(const StorageChange& change) {
  StorageChange applied = context_.cache.setStorage(change);
  wake(applied);
  return applied;
}

void StorageIntake::wake(const StorageChange& change) {
  ClusterEvent event;
  std::visit([&](const auto& each) { describe(each, event); }, change);
  if (event.kinds != 0) wakePods(context_, event);
}

void StorageIntake::outage(const StorageOutage& outage) {
  if (!context_.cache.storage().apply(outage)) return;
  const std::string_view resource = resourceNameOf(outage.kind);
  if (!outage.why.empty()) {
    base::log().error("cannot read storage objects; pods that need them wait",
                      {{"resource", resource}, {"error", outage.why}});
    return;
  }
  base::log().info("storage objects can be read again", {{"resource", resource}});
  ClusterEvent event;
  event.kinds = kStorageBack;
  event.label = "StorageReadable";
  wakePods(context_, event);
}

std::optional<std::string> storageOutageOf(const StorageState& storage, const kubeapi::Pod& pod) {
  const auto& volumes = pod.spec.volumes;
  const bool attaches =
      std::any_of(volumes.begin(), volumes.end(), [](const kubeapi::PodVolume& volume) {
        return isClaim(volume) || migratedPlugin(volume.kind) != nullptr;
      });
  if (!attaches) return std::nullopt;
  for (std::size_t i = 0; i < kStorageKinds; ++i) {
    const auto kind = static_cast<StorageKind>(i);
    const std::string& why = storage.outage(kind);
    if (why.empty()) continue;
    return "cannot read " + std::string(resourceNameOf(kind)) +
           ", which decide where pods with persistent volumes may run: " + why;
  }
  return std::nullopt;
}

}  // namespace stowage::scheduling
