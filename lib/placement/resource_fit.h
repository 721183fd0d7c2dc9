// resource_fit: does a demand fit into what is free on a node. Pure function over ClusterState.
// Source of the semantics: kube-scheduler noderesources/fit.go, v1.36.3.
#pragma once

#include <span>

#include "placement/cluster_state.h"
#include "placement/verdict.h"

namespace stowage::placement {

// All insufficient dimensions are reported (bit d of Verdict::reasons; kPods = "Too many pods").
// kUnresolvable when any of them asks for more than the node's whole allocatable (the pod limit
// never does: v1.36.3 leaves it resolvable).
Verdict resourceFit(const ClusterState& state, NodeIndex node, const Demand& demand,
                    std::uint8_t rule);

// The same if `freed` were free there, too (kPods: so many pods less).
Verdict resourceFitIfFreed(const ClusterState& state, NodeIndex node, const Demand& demand,
                           std::uint8_t rule, std::span<const Amount> freed);

}  // namespace stowage::placement
