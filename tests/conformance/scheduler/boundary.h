// moveToBoundary: sets what some nodes offer to exactly what their pods and one waiting pod ask for
// together, or one unit beside it, so that verdicts stand on the edge.
#pragma once

#include <nlohmann/json.hpp>

#include "conformance/scheduler/dice.h"

namespace stowage::conformance {

void moveToBoundary(Dice& dice, nlohmann::json& question);

}  // namespace stowage::conformance
