#include "scheduling/cycle/attempt_trace.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace stowage::scheduling {
namespace {

using base::SteadyTime;
using base::Trace;

// Messages may quote what a tenant wrote.
constexpr std::size_t kMaxMessage = 1024;

std::string_view nameOf(AttemptResult result) {
  switch (result) {
    case AttemptResult::kScheduled:
      return "scheduled";
    case AttemptResult::kUnschedulable:
      return "unschedulable";
    case AttemptResult::kError:
      break;
  }
  return "error";
}

void addPhases(Trace& trace, const DecisionTimes& times) {
  if (times.decided_at == SteadyTime{}) return;
  SteadyTime at = times.decided_at - times.pre_filter - times.filter - times.score;
  for (const auto& [name, took] :
       {std::pair{"PreFilter", times.pre_filter}, std::pair{"Filter", times.filter},
        std::pair{"Score", times.score}}) {
    if (took > base::Duration::zero()) trace.parts.push_back({name, at, at + took});
    at += took;
  }
}

}  // namespace

void DecisionTimes::take(const DecisionWatch& watch, SteadyTime now) {
  decided_at = now;
  pre_filter = watch.time(DecisionWatch::Phase::kPreFilter);
  filter = watch.time(DecisionWatch::Phase::kFilter);
  score = watch.time(DecisionWatch::Phase::kScore);
}

void traceAttempt(base::TraceSink* traces, const AttemptFacts& facts, const DecisionTimes& times,
                  SteadyTime now) {
  if (traces == nullptr || !traces->wants()) return;
  Trace trace;
  const bool waited = times.queued_at != SteadyTime{} && times.queued_at < facts.started;
  trace.whole = {"schedule pod", waited ? times.queued_at : facts.started, now};
  if (waited) trace.parts.push_back({"queue", times.queued_at, facts.started});
  addPhases(trace, times);
  if (facts.bind_started) trace.parts.push_back({"Bind", *facts.bind_started, now});
  // Names: OpenTelemetry's semantic conventions for Kubernetes, where there is one.
  trace.attributes = {{"k8s.namespace.name", facts.pod.ns.str()},
                      {"k8s.pod.name", facts.pod.name.str()},
                      {"k8s.pod.uid", facts.pod.uid.str()},
                      {"stowage.profile", std::string(facts.profile)},
                      {"stowage.attempt", std::to_string(facts.attempts)},
                      {"stowage.result", std::string(nameOf(facts.result))}};
  if (!facts.node.empty()) trace.attributes.emplace_back("k8s.node.name", facts.node);
  const std::string message(base::utf8Prefix(facts.message, kMaxMessage));
  trace.failed = facts.result == AttemptResult::kError;
  if (trace.failed) {
    trace.error = message;
  } else if (!message.empty()) {
    trace.attributes.emplace_back("stowage.message", message);
  }
  traces->record(std::move(trace));
}

}  // namespace stowage::scheduling
