// Attempt: what one decision is about. A view for the time of one call; it owns nothing.
#pragma once

#include "kubeapi/pod.h"
#include "scheduling/extenders/extender_advice.h"
#include "scheduling/shapes/shape_table.h"

namespace stowage::scheduling {

struct Attempt {
  const kubeapi::Pod& pod;
  ShapeId shape = kNoShape;                // of pod, in the profile's own table
  const ExtenderAdvice* advice = nullptr;  // null: no extender has a say
};

}  // namespace stowage::scheduling
