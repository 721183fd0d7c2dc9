// ClusterEvent: something happened that may make waiting pods schedulable. A view for the time of
// one call; it owns nothing.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "kubeapi/pod.h"
#include "kubeapi/storage.h"
#include "scheduling/cache/node_info.h"

namespace stowage::scheduling {

// Kinds are bits: one node update can be several at once.
enum EventKind : std::uint32_t {
  kNodeAdd = 1U << 0,
  kNodeLabels = 1U << 1,
  kNodeTaints = 1U << 2,  // taints or spec.unschedulable
  kNodeAllocatable = 1U << 3,
  kPodGone = 1U << 4,  // a pod left a node, or asks for less there
  kNamespaceLabels = 1U << 5,
  kPodPlaced = 1U << 6,  // a pod came to a node
  kPodLabels = 1U << 7,  // labels of a pod on a node changed
  kNodeGone = 1U << 8,
  kNodeFeatures = 1U << 16,  // declared features of a node
  // Storage objects.
  kClaimAdd = 1U << 17,
  kClaimUpdate = 1U << 18,
  kVolumeAdd = 1U << 19,
  kVolumeUpdate = 1U << 20,
  kVolumeZones = 1U << 21,  // with kVolumeUpdate: its zone or region labels changed
  kClassAdd = 1U << 22,
  kClassTopologies = 1U << 23,
  kCsiNodeAdd = 1U << 24,
  kCsiNodeLimitRaised = 1U << 25,
  kCsiNodeMigration = 1U << 26,    // the list of plugins handed over to CSI changed
  kCsiDriverUnlimited = 1U << 27,  // a driver tracks capacity no more
  kCapacityMore = 1U << 28,        // a storage pool is new, or larger
  kAttachmentGone = 1U << 29,
  kStorageBack = 1U << 30,  // a kind of storage objects can be read again
};

struct ClusterEvent {
  std::uint32_t kinds = 0;
  std::string_view label;  // as kube-scheduler's metric label `event`
  // The node after the event; null when it is not in the cluster.
  const NodeView* node = nullptr;
  // kNodeLabels, kNodeTaints, kNodeFeatures, kNodeGone
  const kubeapi::Node* old_node = nullptr;
  std::span<const placement::Amount> old_allocatable;     // kNodeAllocatable
  const std::vector<kubeapi::HostPort>* freed = nullptr;  // kPodGone: ports that it held
  // The pod before the event (kPodGone, kPodLabels) and after it (kPodPlaced, kPodLabels).
  const kubeapi::Pod* pod_before = nullptr;
  const kubeapi::Pod* pod_after = nullptr;
  // Only pods of at most this priority are concerned.
  std::int32_t highest_priority = std::numeric_limits<std::int32_t>::max();
  // Set with the kinds of their name.
  const kubeapi::PersistentVolumeClaim* claim = nullptr;
  const kubeapi::StorageClass* storage_class = nullptr;
  const kubeapi::VolumeAttachment* attachment = nullptr;
};

}  // namespace stowage::scheduling
