// Services, rendered: bodies of a creation; drift.h brings those that are there to it. Pure.
//
// Of each shard: the headless one, and the one for clients with one for each role beside it; of
// each member its own. A member's own Service is a name for this one member like its DNS name, and
// so follows publishNotReadyAddresses, too: peers have to reach a member that is not ready yet.
#pragma once

#include <vector>

#include "kubeapi/stateful_group.h"
#include "statefulgroup/names.h"
#include "statefulgroup/render/rendered_object.h"

namespace stowage::statefulgroup {

// All that should exist. `members`: those that are or shall be; shards are those of the spec and
// those of members, so that a shard on its way out keeps its names to the end.
std::vector<RenderedObject> renderServices(const kubeapi::StatefulGroup& group, const Names& names,
                                           const std::vector<Replica>& members);

}  // namespace stowage::statefulgroup
