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

bool Cycle::runOne() {
  if (binding_.binderFull()) return false;
  QueuedPod* entry = context_.queue.pop();
  if (entry == nullptr) return false;
  const SteadyTime started = context_.clock.now();
  const Symbol uid = entry->pod->meta.uid;
  try {
    uncountRejectors(context_, *entry);
    attempt(*entry, started);
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
  if (entry.attempts == 1) profile.arrived(entry.shape);
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
    reject(entry, AttemptResult::kUnschedulable, rejection->message, rejection->rejectors, started,
           false);
    return;
  }
  placement::NodeIndex node = promisedNode(profile, attempt);
  std::vector<NodeVerdict> withheld;
  std::size_t feasible = 1;
  if (node == placement::kNoNode) {
    withheld = withheldNodes(context_, profile, attempt);
    const placement::Choice choice = profile.decide(attempt, withheld);
    node = choice.node;
    feasible = choice.feasible;
  } else {
    profile.decidedBeforehand();
  }
  measured.decided(entry.profile, profile, feasible);
  context_.metrics.algorithmEnded(seconds(context_.clock.now() - started));
  context_.metrics.evaluations(entry.profile, profile);
  if (node != placement::kNoNode) {
    binding_.start(entry, node, started);
    return;
  }
  const ProfileRunner::Explanation why = profile.explain(attempt, withheld);
  Preemption::Outcome outcome;
  if (!why.unresolvable) {
    const SteadyTime began = context_.clock.now();
    outcome = preemption_.consider(profile, attempt, withheld);
    const bool made_room = outcome.promise == Preemption::Outcome::Promise::kMake;
    measured.extensionPoint(entry.profile, MeasuredPoint::kPostFilter,
                            made_room ? PointStatus::kSuccess : PointStatus::kUnschedulable,
                            context_.clock.now() - began);
  }
  preempt(entry, why, outcome, started);
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
  context_.metrics.attemptEnded(entry.profile, AttemptResult::kUnschedulable,
                                seconds(context_.clock.now() - started));
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
  context_.metrics.attemptEnded(profile, result, seconds(context_.clock.now() - started));
  reporter_.failed(*pod, reasonOf(result), message, context_.profiles[profile]->schedulerName(),
                   clear_promise);
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
  context_.metrics.attemptEnded(profile, AttemptResult::kError,
                                seconds(context_.clock.now() - started));
  reporter_.failed(*pod, "SchedulerError", message, context_.profiles[profile]->schedulerName());
}

}  // namespace stowage::scheduling
