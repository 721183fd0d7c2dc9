// The trace of one scheduling attempt: the wait in the queue, the phases of the decision, the bind.
// Put together when the attempt has ended, and only when somebody wants it: while tracing is off it
// costs a look at a null pointer, and DecisionTimes a few stores. Used by the scheduling thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/trace_sink.h"
#include "scheduling/cycle/profile_runner.h"
#include "scheduling/metrics.h"
#include "scheduling/ports.h"

namespace stowage::scheduling {

// What is remembered of a decision while its bind is under way. The phases follow each other and
// end with the decision.
struct DecisionTimes {
  base::SteadyTime queued_at{};
  base::SteadyTime decided_at{};  // zero: not decided
  base::Duration pre_filter{};
  base::Duration filter{};
  base::Duration score{};

  void take(const DecisionWatch& watch, base::SteadyTime now);
};

struct AttemptFacts {
  PodRef pod;
  std::string_view profile;
  std::uint32_t attempts = 0;
  AttemptResult result = AttemptResult::kScheduled;
  std::string_view node;     // empty: none
  std::string_view message;  // why it was not scheduled
  base::SteadyTime started{};
  std::optional<base::SteadyTime> bind_started;
};

// `traces` may be null.
void traceAttempt(base::TraceSink* traces, const AttemptFacts& facts, const DecisionTimes& times,
                  base::SteadyTime now);

}  // namespace stowage::scheduling
