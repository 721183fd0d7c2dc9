// Rejectors that are no plugins: bits of PluginSet from the top, beside those of plugins.
#pragma once

#include "scheduling/plugins/registry.h"

namespace stowage::scheduling {

// Pods that met an empty cluster: any node that comes wakes them.
inline constexpr PluginSet kNoNodesRejector = PluginSet{1} << 63;
// Pods that faulted too often: no event wakes them, only their own update or the flush.
inline constexpr PluginSet kQuarantineRejector = PluginSet{1} << 62;
// Pods with volumes while some kind of storage objects cannot be read.
inline constexpr PluginSet kStorageRejector = PluginSet{1} << 61;
// Pods that extenders kept from a node: any event wakes them, for nobody knows what extenders look
// at. Source: kube-scheduler schedule_one.go (ExtenderName), v1.36.3.
inline constexpr PluginSet kExtenderRejector = PluginSet{1} << 60;
inline constexpr PluginSet kOwnRejectors =
    kNoNodesRejector | kQuarantineRejector | kStorageRejector | kExtenderRejector;

}  // namespace stowage::scheduling
