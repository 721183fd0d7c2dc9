// Operation: what is being done to a pod, written on the pod before it is done, so that whoever
// comes after a crash goes on instead of starting another one. Value type; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/symbols.h"

namespace stowage::statefulgroup {

enum class OperationKind : std::uint8_t { kUpdate, kScaleIn };
std::string_view text(OperationKind kind);  // "Update"

struct Operation {
  std::string id;  // unique; what hooks are idempotent by
  OperationKind kind = OperationKind::kUpdate;
  base::Symbol revision;  // that the pod goes to; empty when it does not come back
  base::WallTime start{};
  friend bool operator==(const Operation&, const Operation&) = default;
};

// The value of annotation stowage.dev/operation.
std::string encodeOperation(const Operation& operation);
// nullopt: not one of ours, or not readable: somebody else wrote there.
std::optional<Operation> decodeOperation(std::string_view annotation);

// An id that no other operation has: the pod's uid and what is done to it. Made of what is known,
// so that a pass that is run again after a crash uses the same one.
std::string operationId(const base::Symbol& pod_uid, OperationKind kind,
                        const base::Symbol& revision);

}  // namespace stowage::statefulgroup
