// What a member's pod is rendered from now. Pure. The references in the result are those given.
#pragma once

#include <optional>

#include "statefulgroup/render/pod_renderer.h"

namespace stowage::statefulgroup {

inline PodInputs inputsOf(const kubeapi::StatefulGroup& group, const Names& names,
                          const Revision& revision, Replica replica, std::optional<int> slot) {
  return {group.meta,
          names,
          revision,
          replica,
          slot,
          replica.ordinal == group.spec.ordinals.start,
          group.spec.shards,
          group.spec.replicas};
}

}  // namespace stowage::statefulgroup
