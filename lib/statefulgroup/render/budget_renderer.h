// Disruption budgets, rendered: bodies of a creation; drift.h brings those that are there to it.
// Pure.
#pragma once

#include "kubeapi/stateful_group.h"
#include "statefulgroup/names.h"
#include "statefulgroup/render/rendered_object.h"

namespace stowage::statefulgroup {

// The budget of a shard; quorum.h tells minAvailable, and whether there is one at all. Always a
// number: percentages and maxUnavailable are taken of what is found, and shrink with it. A
// maxUnavailable that somebody set instead is taken away by its null; without that the API server
// refuses the two of them together.
RenderedObject renderBudget(const kubeapi::StatefulGroup& group, const Names& names, int shard,
                            int min_available);

}  // namespace stowage::statefulgroup
