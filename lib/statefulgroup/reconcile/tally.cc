#include "statefulgroup/reconcile/tally.h"

#include <optional>
#include <variant>

namespace stowage::statefulgroup {

namespace {

enum Operation : std::uint8_t {
  kCreate,
  kUpdateByNewPod,
  kChangeInPlace,
  kResizeInPlace,
  kExpand,
  kReplaceVolume,
  kLeave,
  kHeal,
};
constexpr std::array<const char*, 8> kOperationNames = {"create", "update",  "inplace", "resize",
                                                        "expand", "replace", "scalein", "heal"};
constexpr std::array<const char*, 4> kResultNames = {"success", "denied", "stale", "error"};
constexpr std::array<const char*, 4> kEvictionNames = {"ok", "429", "409", "error"};
constexpr std::array<const char*, 3> kGuardNames = {"budget", "floor", "hook"};

std::optional<Operation> operationOf(const Step& step) {
  if (std::holds_alternative<CreateMember>(step)) return kCreate;
  if (std::holds_alternative<ChangeClaim>(step)) return kExpand;
  if (const auto* change = std::get_if<ChangePod>(&step)) {
    if (!change->operation) return std::nullopt;  // nobody notices
    return change->operation->kind == OperationKind::kResize ? kResizeInPlace : kChangeInPlace;
  }
  if (const auto* removal = std::get_if<RemovePod>(&step)) {
    if (!removal->operation) return kHeal;
    return removal->operation->kind == OperationKind::kScaleIn ? kLeave : kUpdateByNewPod;
  }
  return std::nullopt;
}

std::size_t indexOf(StepResult::End end) {
  switch (end) {
    case StepResult::End::kDone:
      return 0;
    case StepResult::End::kDenied:
      return 1;
    case StepResult::End::kStale:
      return 2;
    case StepResult::End::kTaken:
    case StepResult::End::kFailed:
      break;
  }
  return 3;
}

}  // namespace

Tally::Tally(base::MetricSink& sink)
    : stale_skips_(sink.counter("stowage_stale_sync_skips_total",
                                "Passes left out because the caches did not show the last "
                                "pass's writes yet.",
                                {})) {
  for (std::size_t operation = 0; operation < kOperations; ++operation) {
    for (std::size_t result = 0; result < kResults; ++result)
      operations_[operation][result] = &sink.counter(
          "stowage_operations_total",
          "What was tried about members: create, update (a new pod), inplace, "
          "resize, expand, replace (a lost volume), scalein, heal (a pod that does "
          "not serve is deleted).",
          {{"operation", kOperationNames.at(operation)}, {"result", kResultNames.at(result)}});
  }
  for (std::size_t i = 0; i < kEvictionNames.size(); ++i)
    evictions_[i] = &sink.counter("stowage_evictions_total",
                                  "Evictions that were asked for: ok, 429 (a budget said no), 409 "
                                  "(the pod had changed), error.",
                                  {{"result", kEvictionNames.at(i)}});
  for (std::size_t i = 0; i < kGuardNames.size(); ++i)
    guards_[i] = &sink.counter("stowage_quorum_guard_denied_total",
                               "Times that a member had to stay for now: by its budget, by the "
                               "floor of its shard as looked up live, by the word of a hook.",
                               {{"reason", kGuardNames.at(i)}});
}

void Tally::count(const Step& step, StepResult::End end) {
  if (const auto operation = operationOf(step))
    operations_.at(*operation).at(indexOf(end))->increment();
}

void Tally::evicted(const Answer& answer) {
  std::size_t result = 3;
  if (answer.ok()) result = 0;
  if (answer.code == base::Code::kTooManyRequests) result = 1;
  if (answer.code == base::Code::kConflict) result = 2;
  evictions_.at(result)->increment();
}

void Tally::denied(Guard guard) { guards_.at(static_cast<std::size_t>(guard))->increment(); }

void Tally::replaced() { operations_.at(kReplaceVolume).at(0)->increment(); }

}  // namespace stowage::statefulgroup
