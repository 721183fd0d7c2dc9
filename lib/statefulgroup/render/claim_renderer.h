// Claims, rendered: one for each claim template and member, as the template says now (a claim grows
// by itself, without its pod). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kubeapi/stateful_group.h"
#include "statefulgroup/names.h"
#include "statefulgroup/render/rendered_object.h"

namespace stowage::statefulgroup {

// To be created. With whenDeleted Delete the group owns it from the first moment on, so that a
// group which is deleted right after leaves nothing behind; not as its controller, since the volume
// is not its work, and nothing waits for it.
RenderedObject renderClaim(const kubeapi::StatefulGroup& group, const Names& names,
                           const kubeapi::group::ClaimTemplate& from, Replica replica);

// The merge patch that makes the group an owner of a living claim, or takes that back, as
// whenDeleted says; it is fenced by uid and version of the claim it was made from. Other owners
// stay. nullopt: nothing to do, also when the claim cannot be read.
std::optional<std::string> claimOwnerPatch(const kubeapi::StatefulGroup& group,
                                           std::string_view live_claim);

}  // namespace stowage::statefulgroup
