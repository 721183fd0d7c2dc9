#include "statefulgroup/plan/actions.h"

namespace stowage::statefulgroup {

Replica replicaOf(const Action& action) {
  return std::visit([](const auto& step) { return step.replica; }, action.step);
}

}  // namespace stowage::statefulgroup
