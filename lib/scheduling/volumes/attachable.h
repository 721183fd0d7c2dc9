// Attachable: what a claim takes on the node of its pod. Pure. Source: kube-scheduler
// plugins/nodevolumelimits/csi.go, v1.36.3.
#pragma once

#include <optional>

#include "scheduling/volumes/storage_state.h"

namespace stowage::scheduling {

// A volume that takes one of a driver's attachments on the node.
struct Attachable {
  Symbol unique;  // "driver/handle"
  Symbol driver;
};

// nullopt: nothing that is counted.
std::optional<Attachable> attachableOf(const StorageState& storage,
                                       const kubeapi::PersistentVolumeClaim& claim);

}  // namespace stowage::scheduling
