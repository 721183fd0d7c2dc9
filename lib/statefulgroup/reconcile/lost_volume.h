// Whether the volume of a claim can come back, by the API server's word now. Nothing that a cache
// says is enough to give up data.
#pragma once

#include <string>

#include "kubeapi/storage.h"
#include "statefulgroup/reconcile/group_writes.h"

namespace stowage::statefulgroup {

// Why it cannot: the PersistentVolume is gone, is being deleted, or is a local one whose nodes are
// gone. Empty: it may, or nobody knows.
std::string whyLost(const kubeapi::PersistentVolumeClaim& claim, GroupWrites& api);

}  // namespace stowage::statefulgroup
