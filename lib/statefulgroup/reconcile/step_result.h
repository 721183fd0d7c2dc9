// StepResult: what became of an action, or of what has to be asked before it. Value type.
#pragma once

#include <cstdint>
#include <string>

#include "statefulgroup/ports.h"

namespace stowage::statefulgroup {

// What became of an action.
struct StepResult {
  enum class End : std::uint8_t {
    kDone,
    kStale,   // what it was decided on has changed: look again at once
    kDenied,  // a budget or a live look said no: look again later
    kTaken,   // somebody else has the name; it concerns no other member
    kFailed,  // with `error`
  } end = End::kDone;
  std::string error;
};

// What the answer to a fenced write means.
StepResult resultOf(const Answer& answer);

}  // namespace stowage::statefulgroup
