// ClusterEvent: something happened that may make waiting pods schedulable. A view for the time of
// one call; it owns nothing.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "kubeapi/pod.h"
#include "scheduling/cache/node_info.h"

namespace stowage::scheduling {

// Kinds are bits: one node update can be several at once.
enum EventKind : std::uint32_t {
  kNodeAdd = 1U << 0,
  kNodeLabels = 1U << 1,
  kNodeTaints = 1U << 2,  // taints or spec.unschedulable
  kNodeAllocatable = 1U << 3,
  kPodGone = 1U << 4,         // a pod left a node, or asks for less there
  kPodRefusalGone = 1U << 5,  // what made us refuse pods by their labels may have changed
  kPodPlaced = 1U << 6,       // a pod came to a node
  kPodLabels = 1U << 7,       // labels of a pod on a node changed
  kNodeGone = 1U << 8,
  kNodeFeatures = 1U << 16,  // declared features of a node
};

struct ClusterEvent {
  std::uint32_t kinds = 0;
  std::string_view label;  // as kube-scheduler's metric label `event`
  // The node after the event; null when it is not in the cluster.
  const NodeView* node = nullptr;
  const kubeapi::Node* old_node = nullptr;                // kNodeLabels, kNodeTaints, kNodeFeatures
  std::span<const placement::Amount> old_allocatable;     // kNodeAllocatable
  const std::vector<kubeapi::HostPort>* freed = nullptr;  // kPodGone: ports that it held
  // The pod before the event (kPodGone, kPodLabels) and after it (kPodPlaced, kPodLabels).
  const kubeapi::Pod* pod_before = nullptr;
  const kubeapi::Pod* pod_after = nullptr;
  // Only pods of at most this priority are concerned.
  std::int32_t highest_priority = std::numeric_limits<std::int32_t>::max();
};

}  // namespace stowage::scheduling
