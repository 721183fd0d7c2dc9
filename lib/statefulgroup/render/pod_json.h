// Pods as JSON values. Private to lib/statefulgroup. Pure.
#pragma once

#include "statefulgroup/json_value.h"
#include "statefulgroup/render/pod_renderer.h"

namespace stowage::statefulgroup {

// What renderPod() writes: an object with `metadata`, which has labels and annotations, and `spec`.
Json podJson(const PodInputs& inputs);
// The same pod of another revision.
PodInputs ofRevision(const PodInputs& inputs, const Revision& revision);

}  // namespace stowage::statefulgroup
