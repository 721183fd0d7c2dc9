// ControllerRevision (apps/v1): a numbered snapshot of what pods were rendered from. Decoded once,
// shared, never changed.
#pragma once

#include <cstdint>
#include <memory>

#include "kubeapi/meta.h"
#include "kubeapi/stateful_group.h"

namespace stowage::kubeapi {

struct ControllerRevision {
  ObjectMeta meta;
  std::int64_t revision = 0;  // grows; the highest is the newest
  group::RawJson data;        // as the API server sent it
};
using ControllerRevisionPtr = std::shared_ptr<const ControllerRevision>;

}  // namespace stowage::kubeapi
