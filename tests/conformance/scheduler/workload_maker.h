// WorkloadMaker: Services and controllers that select generated pods, for spreading by default.
// Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "conformance/scheduler/dice.h"

namespace stowage::conformance {

// Adds them to the question and owners to some of its pods.
void addWorkloads(Dice& dice, nlohmann::json& question);

}  // namespace stowage::conformance
