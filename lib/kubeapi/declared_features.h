// Declared features: what a kubelet says it can do (node.status.declaredFeatures), and which of it
// a pod needs. Only features that a pod can need for its placement are known here. Pure.
// Source: component-helpers nodedeclaredfeatures/features, v0.36.3.
#pragma once

#include <cstdint>
#include <span>

#include "base/symbols.h"
#include "kubeapi/pod.h"

namespace stowage::kubeapi {

// A set of bits.
using FeatureSet = std::uint32_t;
// A container has a rule that restarts all containers of the pod when it exits.
inline constexpr FeatureSet kRestartAllContainersOnContainerExits = 1U << 0;
// The pod uses the host's network from a user namespace of its own.
inline constexpr FeatureSet kUserNamespacesHostNetworkSupport = 1U << 1;

FeatureSet requiredFeatures(const Pod& pod);
// Unknown names are left out.
FeatureSet declaredFeatures(std::span<const Symbol> names);

}  // namespace stowage::kubeapi
