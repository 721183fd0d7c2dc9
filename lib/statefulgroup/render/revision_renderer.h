// ControllerRevisions, rendered. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "kubeapi/stateful_group.h"
#include "statefulgroup/ports.h"
#include "statefulgroup/render/rendered_object.h"
#include "statefulgroup/revision.h"

namespace stowage::statefulgroup {

// To be created.
RenderedObject renderRevision(const kubeapi::StatefulGroup& group, const Revision& revision);

// Merge patches of one that is there. A rollback gives an old one a new number:
std::string revisionNumberPatch(std::int64_t number, const Fence& fence);
// And one that nobody owns is taken over. Its own labels come with it when it lost them.
std::string revisionAdoptionPatch(const kubeapi::StatefulGroup& group, const Fence& fence);

}  // namespace stowage::statefulgroup
