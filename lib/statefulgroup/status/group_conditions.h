// The conditions of a group. Pure.
#pragma once

#include <vector>

#include "statefulgroup/status/group_status.h"

namespace stowage::statefulgroup {

// In a fixed order; lastTransitionTime is that of the group's present condition as long as the
// status is the same.
std::vector<kubeapi::Condition> conditionsOf(const StatusInput& input);

}  // namespace stowage::statefulgroup
