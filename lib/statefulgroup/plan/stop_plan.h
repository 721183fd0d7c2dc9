// How the pods of a shard are stopped on purpose: when the group is hibernated or deleted. Who only
// observes goes first, who holds a role of cardinality One last. Pure.
#pragma once

#include "statefulgroup/plan/shard_plan.h"

namespace stowage::statefulgroup {

ShardPlan planStop(const ShardView& shard, const kubeapi::StatefulGroup& group);

}  // namespace stowage::statefulgroup
