// VolumeFacts: what the storage objects say about the volumes of one shape, worked out once for all
// nodes: which claims are bound, which wait for the scheduler, and which volumes or classes could
// serve them. Good while the epoch of its shape stays. Immutable; single-threaded by its maker.
// Source of the semantics: kube-scheduler plugins/volumebinding/{volume_binding,binder}.go,
// plugins/volumezone, and component-helpers storage/volume/pv_helpers.go, v1.36.3.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "scheduling/volumes/attachable.h"
#include "scheduling/volumes/csi_migration.h"
#include "scheduling/volumes/storage_state.h"
#include "scheduling/volumes/topology_index.h"
#include "scheduling/volumes/volume_needs.h"

namespace stowage::scheduling {

// A volume with the node affinity that holds on nodes with and without CSI migration of its plugin.
struct LocatedVolume {
  kubeapi::PersistentVolumePtr object;
  const MigratedPlugin* plugin = nullptr;  // null: nothing to translate
  std::optional<kubeapi::NodeSelector> csi_affinity;
  std::string untranslatable;  // why the driver could not take it over; empty: it could
};

LocatedVolume locatedVolume(const kubeapi::PersistentVolumePtr& object);

// A bound claim, in the order of the pod's volumes.
struct BoundClaim {
  ClaimKey claim;
  LocatedVolume volume;  // object null: the claim names a volume that is not there
};

// What a class needs in order to make a volume for a claim.
struct Provisioning {
  bool possible = false;                              // it has a provisioner
  kubeapi::StorageClassPtr cls;                       // null only when not possible
  bool limited = false;                               // the driver tracks capacity
  std::vector<kubeapi::CsiStorageCapacityPtr> pools;  // of the class, large enough for the claim
  TopologyIndex pools_by_topology;
};

// A claim that waits for the scheduler.
struct DelayedClaim {
  kubeapi::PersistentVolumeClaimPtr claim;
  Symbol selected_node;                   // not empty: only that node, and always provisioned
  kubeapi::PersistentVolumePtr prebound;  // already claimed for this claim
  std::vector<kubeapi::PersistentVolumePtr> candidates;  // free and matching, smallest first
  TopologyIndex candidates_by_topology;
  Provisioning provisioning;
};

// One of these values must be the node's.
struct ZoneRule {
  Symbol key;
  std::vector<Symbol> values;
};

struct VolumeFacts {
  std::uint64_t epoch = 0;
  // Why no node is looked at, by plugin, in kube-scheduler's words; empty: no reason.
  std::string restrictions_reject;
  std::string binding_reject;
  std::string zone_reject;

  std::vector<ClaimKey> exclusive;  // ReadWriteOncePod
  std::vector<BoundClaim> bound;
  std::vector<DelayedClaim> delayed;  // selected ones first, then by size
  std::vector<ZoneRule> zones;
  std::vector<Attachable> attachables;
  std::string attach_error;  // a volume that cannot be counted
};

// Equal while nothing that facts are made of has changed. Node state is no part of it.
std::uint64_t volumeEpoch(const StorageState& storage, const VolumeNeeds& needs);
std::shared_ptr<const VolumeFacts> makeVolumeFacts(const StorageState& storage,
                                                   const VolumeNeeds& needs);

// The pod owns the claim of its ephemeral volume.
bool ownedBy(const kubeapi::PersistentVolumeClaim& claim, const Symbol& pod_uid);
std::vector<ZoneRule> zoneRulesOf(const kubeapi::PersistentVolume& volume);

}  // namespace stowage::scheduling
