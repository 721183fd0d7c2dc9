// Storage objects as the volume plugins of kube-scheduler read them. Decoded once, shared, never
// changed. Sources: core/v1 and storage/v1 types.go, v0.36.3.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kubeapi/meta.h"
#include "kubeapi/pod.h"
#include "kubeapi/quantity.h"
#include "kubeapi/selectors.h"

namespace stowage::kubeapi {

// What a PersistentVolume stands on.
struct VolumeSource {
  Symbol
      plugin;  // the member's name in the API: "csi", "local", "nfs", "awsElasticBlockStore", ...
  Symbol driver;  // csi only
  Symbol handle;  // csi: volumeHandle; in-tree disks: their id or URI; else empty
  bool read_only = false;
  bool unmanaged = false;  // azureDisk of a kind other than Managed
  friend bool operator==(const VolumeSource&, const VolumeSource&) = default;
};

struct ClaimReference {
  Symbol ns;
  Symbol name;
  Symbol uid;  // empty: prebound by an admin, valid for a claim of any uid
  friend bool operator==(const ClaimReference&, const ClaimReference&) = default;
};

struct PersistentVolume {
  ObjectMeta meta;
  Quantity capacity;                 // spec.capacity.storage
  std::vector<Symbol> access_modes;  // "ReadWriteOnce", ...
  std::optional<ClaimReference> claim;
  Symbol storage_class;
  Symbol volume_mode;  // empty means Filesystem
  Symbol attributes_class;
  std::optional<NodeSelector> node_affinity;  // spec.nodeAffinity.required
  VolumeSource source;
  Symbol phase;  // Pending, Available, Bound, Released, Failed
};
using PersistentVolumePtr = std::shared_ptr<const PersistentVolume>;

struct PersistentVolumeClaim {
  ObjectMeta meta;
  Quantity request;  // spec.resources.requests.storage
  std::vector<Symbol> access_modes;
  std::optional<LabelSelector> selector;
  Symbol volume_name;
  std::optional<Symbol> storage_class;  // absent and "" differ: absent takes the default class
  Symbol volume_mode;                   // empty means Filesystem
  Symbol attributes_class;
  bool has_data_source = false;
  Symbol phase;  // Pending, Bound, Lost
  // How far an expansion has come; scheduling does not look at it.
  std::optional<Quantity> capacity;  // status.capacity.storage
  Symbol resize_status;  // status.allocatedResourceStatuses.storage: "NodeResizePending", ...
  Symbol current_attributes_class;  // status.currentVolumeAttributesClassName
  Symbol modify_status;  // status.modifyVolumeStatus.status: "Pending", "InProgress", "Infeasible"
  std::vector<Condition> conditions;  // FileSystemResizePending, ModifyingVolume, ...
};
using PersistentVolumeClaimPtr = std::shared_ptr<const PersistentVolumeClaim>;

// One key with its allowed values; requirements of a term are ANDed.
struct TopologyTerm {
  std::vector<SelectorRequirement> requirements;  // always kIn
  friend bool operator==(const TopologyTerm&, const TopologyTerm&) = default;
};

struct StorageClass {
  ObjectMeta meta;
  Symbol provisioner;
  bool wait_for_first_consumer = false;          // volumeBindingMode
  std::vector<TopologyTerm> allowed_topologies;  // ORed; none means everywhere
};
using StorageClassPtr = std::shared_ptr<const StorageClass>;

struct CsiNodeDriver {
  Symbol name;
  std::vector<Symbol> topology_keys;
  std::optional<std::int32_t> volume_limit;  // allocatable.count; absent means unlimited
  friend bool operator==(const CsiNodeDriver&, const CsiNodeDriver&) = default;
};

// The node's name is the object's; the annotation of migrated plugins is kept in meta.
struct CsiNode {
  ObjectMeta meta;
  std::vector<CsiNodeDriver> drivers;
};
using CsiNodePtr = std::shared_ptr<const CsiNode>;

struct CsiDriver {
  ObjectMeta meta;
  bool attach_required = true;
  bool storage_capacity = false;
};
using CsiDriverPtr = std::shared_ptr<const CsiDriver>;

struct CsiStorageCapacity {
  ObjectMeta meta;
  std::optional<LabelSelector> node_topology;  // absent: no node
  Symbol storage_class;
  std::optional<Quantity> capacity;
  std::optional<Quantity> maximum_volume_size;
};
using CsiStorageCapacityPtr = std::shared_ptr<const CsiStorageCapacity>;

struct VolumeAttachment {
  ObjectMeta meta;
  Symbol attacher;
  Symbol node_name;
  Symbol volume_name;  // source.persistentVolumeName
  // source.inlineVolumeSpec: a migrated in-tree volume without a PersistentVolume.
  std::optional<VolumeSource> inline_source;
  bool attached = false;
};
using VolumeAttachmentPtr = std::shared_ptr<const VolumeAttachment>;

}  // namespace stowage::kubeapi
