// NodeInfo: one node and what runs on it. Owned by ClusterCache, whose thread rules apply.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kubeapi/node.h"
#include "placement/cluster_state.h"
#include "scheduling/cache/dimension_table.h"
#include "scheduling/cache/image_states.h"
#include "scheduling/cache/priority_counts.h"
#include "scheduling/cache/used_ports.h"

namespace stowage::scheduling {

struct NodeInfo;

// A pod that occupies a node: bound, or decided by us and not yet seen bound ("assumed").
struct CachedPod {
  kubeapi::PodPtr pod;
  NodeInfo* node = nullptr;
  std::uint32_t position = 0;  // in node->pods
  bool assumed = false;
  std::int32_t priority = 0;  // as counted on the node
  std::shared_ptr<const PodDemand> demand;
  std::vector<kubeapi::HostPort> ports;
};

struct NodeInfo {
  base::Symbol name;
  kubeapi::NodePtr node;  // null: pods name it, but the node is not (or no longer) there
  placement::NodeIndex index = placement::kNoNode;
  std::uint32_t taint_class = 0;  // equal for nodes with equal taints; never used for other taints
  std::vector<placement::Dimension> dimensions;  // held while the node offers them
  std::vector<CachedPod*> pods;
  UsedPorts ports;
  NodeImages images;  // empty while no profile scores by images
  PriorityCounts priorities;
};

// What filters and scores see of one node.
struct NodeView {
  const placement::ClusterState& state;
  const NodeInfo& info;
  const kubeapi::Node& node;
};

}  // namespace stowage::scheduling
