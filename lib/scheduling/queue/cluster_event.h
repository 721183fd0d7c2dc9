// ClusterEvent: something happened that may make waiting pods schedulable. A view for the time of
// one call; it owns nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

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
};

struct ClusterEvent {
  std::uint32_t kinds = 0;
  std::string_view label;  // as kube-scheduler's metric label `event`
  // The node after the event; null when it is not in the cluster.
  const NodeView* node = nullptr;
  const kubeapi::Node* old_node = nullptr;                // kNodeLabels, kNodeTaints
  std::span<const placement::Amount> old_allocatable;     // kNodeAllocatable
  const std::vector<kubeapi::HostPort>* freed = nullptr;  // kPodGone: ports that it held
};

}  // namespace stowage::scheduling
