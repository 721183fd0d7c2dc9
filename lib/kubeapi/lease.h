// Lease (coordination.k8s.io/v1) as leader election reads and writes it. Value type.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "kubeapi/meta.h"

namespace stowage::kubeapi {

struct Lease {
  ObjectMeta meta;
  std::string holder;
  std::int32_t duration_seconds = 0;
  std::optional<WallTime> acquire_time;
  std::optional<WallTime> renew_time;
  std::int32_t transitions = 0;
};
using LeasePtr = std::shared_ptr<const Lease>;

// The object as JSON for POST and PUT; MicroTimes with six digits. Labels are kept; annotations and
// owners of somebody else's making are not, as a PUT of ours replaces the whole object.
std::string encodeLease(const Lease& lease);

}  // namespace stowage::kubeapi
