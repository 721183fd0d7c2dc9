// OwnedService: a Service as the operator that owns it reads it: whole, to see whether it still is
// what was rendered. Decoded once, shared, never changed. Siblings of scheduled pods are found with
// another part of the same object (workloads.h).
#pragma once

#include <memory>

#include "kubeapi/meta.h"
#include "kubeapi/stateful_group.h"

namespace stowage::kubeapi {

struct OwnedService {
  ObjectMeta meta;
  group::RawJson spec;  // as the API server sent it
};
using OwnedServicePtr = std::shared_ptr<const OwnedService>;

}  // namespace stowage::kubeapi
