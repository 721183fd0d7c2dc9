// PreemptionMaker: what makes generated clusters worth preempting in: full nodes, important pods
// that wait, disruption budgets, victims that are leaving already. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "conformance/scheduler/dice.h"

namespace stowage::conformance {

// Changes the pods and nodes of a question and adds its budgets.
void addPreemption(Dice& dice, nlohmann::json& question);

}  // namespace stowage::conformance
