#include "scheduling/cycle/cycle.h"

#include <exception>

#include "base/check.h"
#include "base/log.h"
#include "scheduling/cycle/fit_error.h"
#include "scheduling/cycle/promised_room.h"
#include "scheduling/cycle/storage_intake.h"

namespace stowage::scheduling {
namespace {

using base::SteadyTime;

constexpr std::uint32_t kFaultsUntilQuarantine = 3;
constexpr std::string_view kWhileAsking = "EventWhileExtendersAnswered";

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

PointStatus statusOf(const std::optional<ProfileRunner::Explanation>& rejection) {
  if (!rejection) return PointStatus::kSuccess;
  return rejection->unresolvable ? PointStatus::kUnschedulableAndUnresolvable
                                 : PointStatus::kUnschedulable;
}

std::string_view reasonOf(AttemptResult result) {
  return result == AttemptResult::kUnschedulable ? "Unschedulable" : "SchedulerError";
}

}  // namespace

// A pod that waited for extenders goes before the head of the queue.
QueuedPod* Cycle::nextPod(SteadyTime& started) {
  if (QueuedPod* entry = consultations_.next()) {
    started = consultations_.of(entry->pod->meta.uid)->attempt_started;
    return entry;
  }
  if (consultations_.full()) return nullptr;
  started = context_.clock.now();
  return context_.queue.pop();
}

bool Cycle::runOne() {
  if (binding_.binderFull()) return false;
  SteadyTime started;
  QueuedPod* entry = nextPod(started);
  if (entry == nullptr) return false;
  const Symbol uid = entry->pod->meta.uid;
  context_.decision = {.queued_at = entry->queued_at};
  try {
    uncountRejectors(context_, *entry);
    attempt(*entry, started);
    consultations_.attempted(uid);
  } catch (const std::exception& error) {
    isolate(uid, error.what(), started);
  } catch (...) {
    isolate(uid, "unknown exception", started);
  }
  return true;
}

std::optional<Refusal> Cycle::refusalOf(const QueuedPod& entry) const {
  return unsupportedFeature(*entry.pod);
}

void Cycle::attempt(QueuedPod& entry, SteadyTime started) {
  const kubeapi::PodPtr pod = entry.pod;
  ProfileRunner& profile = *context_.profiles[entry.profile];
  if (profile.retired()) {
    dropFromQueue(context_, entry);
    return;
  }
  if (pod->meta.deletion_time) {
    reporter_.skippedDeleting(*pod, profile.schedulerName());
    dropFromQueue(context_, entry);
    return;
  }
  if (context_.cache.find(pod->meta.uid) != nullptr) {
    dropFromQueue(context_, entry);  // assumed or placed already
    return;
  }
  if (const auto refusal = refusalOf(entry)) {
    reject(entry, AttemptResult::kError, refusal->message, bitOf(refusal->plugin), started);
    return;
  }
  if (const auto outage = storageOutageOf(context_.cache.storage(), *pod)) {
    reject(entry, AttemptResult::kError, *outage, kStorageRejector, started);
    return;
  }
  const bool first = entry.attempts == 1 && consultations_.of(pod->meta.uid) == nullptr;
  if (first) profile.arrived(entry.shape);
  if (context_.cache.nodeCount() == 0) {
    reject(entry, AttemptResult::kUnschedulable, std::string(kNoNodesMessage), kNoNodesRejector,
           started);
    return;
  }
  place(entry, {*pod, entry.shape}, started);
}

void Cycle::place(QueuedPod& entry, const Attempt& attempt, SteadyTime started) {
  ProfileRunner& profile = *context_.profiles[entry.profile];
  FrameworkMetrics& measured = context_.metrics.framework();
  const auto rejection = profile.preFilter(attempt);
  measured.preFiltered(entry.profile, profile, statusOf(rejection));
  if (rejection) {
    context_.decision.take(profile.watch(), context_.clock.now());
    reject(entry, AttemptResult::kUnschedulable, rejection->message, rejection->rejectors, started,
           false);
    return;
  }
  placement::NodeIndex node = promisedNode(profile, attempt);
  if (node != placement::kNoNode) {
    bool allowed = true;
    if (stopsHere(entry, counsel_.promised(entry, node, started, allowed), started)) return;
    if (allowed) {
      profile.decidedBeforehand();
      decided(entry, {.node = node, .feasible = 1, .evaluated = 1}, started);
      return;
    }
  }
  chooseAmongAll(entry, attempt, started);
}

void Cycle::chooseAmongAll(QueuedPod& entry, Attempt attempt, SteadyTime started) {
  ProfileRunner& profile = *context_.profiles[entry.profile];
  std::vector<NodeVerdict> withheld = withheldNodes(context_, profile, attempt);
  std::optional<ExtenderAdvice> advice;
  if (stopsHere(entry, counsel_.nodes(entry, attempt, withheld, started, advice), started)) return;
  if (advice) {
    withheld = merged(withheld, advice->rejected);
    attempt.advice = &*advice;
  }
  const placement::Choice choice = profile.decide(attempt, withheld);
  decided(entry, choice, started);
  if (choice.node == placement::kNoNode) makeRoom(entry, attempt, withheld, started);
}

void Cycle::decided(QueuedPod& entry, const placement::Choice& choice, SteadyTime started) {
  ProfileRunner& profile = *context_.profiles[entry.profile];
  context_.metrics.framework().decided(entry.profile, profile, choice.feasible);
  const SteadyTime now = context_.clock.now();
  context_.metrics.algorithmEnded(seconds(now - started));
  context_.decision.take(profile.watch(), now);
  context_.metrics.evaluations(entry.profile, profile);
  if (choice.node != placement::kNoNode) binding_.start(entry, choice.node, started);
}

void Cycle::makeRoom(QueuedPod& entry, const Attempt& attempt,
                     std::span<const NodeVerdict> withheld, SteadyTime started) {
  ProfileRunner& profile = *context_.profiles[entry.profile];
  const ProfileRunner::Explanation why = profile.explain(attempt, withheld);
  Preemption::Outcome outcome;
  if (!why.unresolvable) {
    const SteadyTime began = context_.clock.now();
    const auto narrow = [&](std::vector<Candidate>& candidates, std::string& error) {
      Counsel::Step step = counsel_.candidates(entry, candidates, started);
      error = std::move(step.error);
      return step.state != Counsel::Step::State::kParked;
    };
    outcome = preemption_.consider(profile, attempt, withheld, narrow);
    if (outcome.promise == Preemption::Outcome::Promise::kLater) return;
    const bool made_room = outcome.promise == Preemption::Outcome::Promise::kMake;
    context_.metrics.framework().extensionPoint(
        entry.profile, MeasuredPoint::kPostFilter,
        made_room ? PointStatus::kSuccess : PointStatus::kUnschedulable,
        context_.clock.now() - began);
  }
  preempt(entry, why, outcome, started);
}

bool Cycle::stopsHere(QueuedPod& entry, const Counsel::Step& step, SteadyTime started) {
  using State = Counsel::Step::State;
  if (step.state == State::kKnown) return false;
  context_.profiles[entry.profile]->decidedBeforehand();
  if (step.state == State::kFailed) fail(entry, step.error, started);
  return true;
}

// The node that an earlier preemption made room on goes before all others.
placement::NodeIndex Cycle::promisedNode(ProfileRunner& profile, const Attempt& attempt) {
  const Symbol name = context_.nominator.nodeOf(attempt.pod.meta.uid);
  if (name.empty()) return placement::kNoNode;
  const placement::NodeIndex node = context_.cache.state().findNode(name);
  if (node == placement::kNoNode) return node;
  const bool fits =
      checkBesidePromised(context_, profile, attempt, node).fit == placement::Fit::kFits;
  return fits ? node : placement::kNoNode;
}

// No node took the pod: room is made for it, or it waits.
void Cycle::preempt(QueuedPod& entry, const ProfileRunner::Explanation& why,
                    const Preemption::Outcome& outcome, SteadyTime started) {
  using Promise = Preemption::Outcome::Promise;
  ProfileRunner& profile = *context_.profiles[entry.profile];
  std::string message = why.message;
  if (!outcome.message.empty()) message += " " + outcome.message;
  if (outcome.promise != Promise::kMake) {
    const bool clear = outcome.promise == Promise::kClear;
    reject(entry, AttemptResult::kUnschedulable, message, why.rejectors, started, clear);
    return;
  }
  const kubeapi::PodPtr pod = entry.pod;
  sleep(entry, why.rejectors);
  ended(entry, AttemptResult::kUnschedulable, message, started);
  const PodStatusPatch patch =
      reporter_.failedWithNomination(*pod, message, profile.schedulerName(), outcome.node);
  if (evictions_.start(entry, outcome.node, outcome.victims, patch)) {
    preemption_.began(profile, *pod, outcome);
    return;
  }
  uncountRejectors(context_, entry);
  context_.queue.addAfterError(entry);
}

void Cycle::reject(QueuedPod& entry, AttemptResult result, const std::string& message,
                   PluginSet rejectors, SteadyTime started, bool clear_promise) {
  const std::uint32_t profile = entry.profile;
  const kubeapi::PodPtr pod = entry.pod;
  if (clear_promise) promise(context_, pod, Symbol());
  sleep(entry, rejectors);
  // Events that came while extenders were asked may have changed what they say.
  const bool by_extender = (rejectors & kExtenderRejector) != 0;
  if (by_extender && counsel_.overtaken(pod->meta.uid)) {
    context_.queue.wake(entry, kWhileAsking);
  }
  ended(entry, result, message, started);
  reporter_.failed(*pod, reasonOf(result), message, context_.profiles[profile]->schedulerName(),
                   clear_promise);
}

void Cycle::fail(QueuedPod& entry, const std::string& message, SteadyTime started) {
  const std::uint32_t profile = entry.profile;
  const kubeapi::PodPtr pod = entry.pod;
  promise(context_, pod, Symbol());
  context_.queue.addAfterError(entry);
  ended(entry, AttemptResult::kError, message, started);
  reporter_.failed(*pod, reasonOf(AttemptResult::kError), message,
                   context_.profiles[profile]->schedulerName(), true);
}

void Cycle::ended(const QueuedPod& entry, AttemptResult result, std::string_view message,
                  SteadyTime started) {
  const SteadyTime now = context_.clock.now();
  context_.metrics.attemptEnded(entry.profile, result, seconds(now - started));
  if (context_.ports.traces == nullptr) return;
  const AttemptFacts facts{.pod = refOf(*entry.pod),
                           .profile = context_.profiles[entry.profile]->schedulerName(),
                           .attempts = entry.attempts,
                           .result = result,
                           .node = {},
                           .message = message,
                           .started = started,
                           .bind_started = {}};
  traceAttempt(context_.ports.traces, facts, context_.decision, now);
}

void Cycle::sleep(QueuedPod& entry, PluginSet rejectors) {
  context_.queue.addUnschedulable(entry, rejectors);
  entry.counted = rejectors & ~kOwnRejectors;
  context_.metrics.rejectedBy(entry.profile, entry.counted, 1);
}

void Cycle::isolate(const Symbol& uid, std::string_view what, SteadyTime started) noexcept {
  try {
    base::log().error("exception while scheduling one pod; it is set aside",
                      {{"uid", uid.view()}, {"error", what}});
    context_.metrics.faulted();
    binding_.abandon(uid);
    consultations_.end(uid);
    if (QueuedPod* entry = context_.queue.find(uid)) setAside(*entry, what, started);
  } catch (...) {
    // Out of memory while reporting that: the pod stays where the last step left it, and the flush
    // or its next update finds it there.
  }
}

void Cycle::setAside(QueuedPod& entry, std::string_view what, SteadyTime started) {
  const kubeapi::PodPtr pod = entry.pod;
  const std::uint32_t profile = entry.profile;
  ++entry.faults;
  std::string message = "internal error: ";
  message.append(what);
  if (entry.faults < kFaultsUntilQuarantine) {
    context_.queue.addAfterError(entry);
  } else {
    context_.queue.addUnschedulable(entry, kQuarantineRejector);
    context_.metrics.quarantined();
    message += "; not tried again until the pod changes";
  }
  ended(entry, AttemptResult::kError, message, started);
  reporter_.failed(*pod, "SchedulerError", message, context_.profiles[profile]->schedulerName());
}

}  // namespace stowage::scheduling
