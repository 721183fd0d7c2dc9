// Operation: what is being done to a pod, written on the pod before it is done, so that whoever
// comes after a crash goes on instead of starting another one. Value type; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/symbols.h"

namespace stowage::statefulgroup {

enum class OperationKind : std::uint8_t {
  kUpdate,   // its pod is made anew
  kScaleIn,  // it leaves
  kInPlace,  // containers of its pod are restarted as others
  kResize,   // its pod gets other amounts, and goes on
  kReplace,  // it gets another volume: it leaves and joins anew
};
std::string_view text(OperationKind kind);  // "Update"

// A container as it was when its image was changed: until it differs it has not been restarted.
struct ContainerMark {
  std::string name;
  std::string id;
  std::string image_id;
  std::int32_t restarts = 0;
  friend bool operator==(const ContainerMark&, const ContainerMark&) = default;
};

struct Operation {
  std::string id;  // unique; what hooks are idempotent by
  OperationKind kind = OperationKind::kUpdate;
  base::Symbol revision;  // that the pod goes to; empty when it does not come back
  base::WallTime start{};
  std::vector<ContainerMark> was = {};  // kInPlace, once the pod has been changed
  friend bool operator==(const Operation&, const Operation&) = default;
};

// The pod stays: the record is on it until it is what it was to become.
inline bool isInPlace(OperationKind kind) {
  return kind == OperationKind::kInPlace || kind == OperationKind::kResize;
}

// The value of annotation stowage.dev/operation.
std::string encodeOperation(const Operation& operation);
// nullopt: not one of ours, or not readable: somebody else wrote there.
std::optional<Operation> decodeOperation(std::string_view annotation);

// An id that no other operation has: the pod's uid and what is done to it. Made of what is known,
// so that a pass that is run again after a crash uses the same one.
std::string operationId(const base::Symbol& pod_uid, OperationKind kind,
                        const base::Symbol& revision);

}  // namespace stowage::statefulgroup
