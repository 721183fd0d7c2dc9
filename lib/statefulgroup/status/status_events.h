// What people are told by events when the status of a group changes: once for each turn, since the
// status before is the one that was written. Pure.
#pragma once

#include <vector>

#include "kubeapi/stateful_group.h"
#include "statefulgroup/ports.h"

namespace stowage::statefulgroup {

std::vector<GroupEvent> statusEvents(const kubeapi::group::Status& before,
                                     const kubeapi::group::Status& after);

}  // namespace stowage::statefulgroup
