#include "statefulgroup/reconcile/step_result.h"

namespace stowage::statefulgroup {

StepResult resultOf(const Answer& answer) {
  switch (answer.code) {
    case base::Code::kOk:
      return {};
    case base::Code::kConflict:
    case base::Code::kNotFound:
      return {StepResult::End::kStale, answer.message};
    case base::Code::kTooManyRequests:
      return {StepResult::End::kDenied, answer.message};
    default:
      return {StepResult::End::kFailed, answer.message};
  }
}

}  // namespace stowage::statefulgroup
