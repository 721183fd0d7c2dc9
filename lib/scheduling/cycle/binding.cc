#include "scheduling/cycle/binding.h"

#include <algorithm>

#include "base/log.h"
#include "scheduling/cycle/promised_room.h"
#include "scheduling/extenders/extender_interest.h"
#include "scheduling/plugins/volume_binding/volume_binding.h"

namespace stowage::scheduling {
namespace {

using base::SteadyTime;

constexpr base::Duration kFullPause = std::chrono::milliseconds(20);
constexpr base::Duration kAskAgain = std::chrono::seconds(1);
constexpr base::Duration kAskAgainAtMost = std::chrono::seconds(10);

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Binding::Binding(Context& context, Reporter& reporter)
    : context_(context),
      reporter_(reporter),
      volumes_(context,
               [this](const Symbol& uid, const std::string& error) { volumesDone(uid, error); }) {}

Binding::Flight Binding::flightOf(const QueuedPod& entry, placement::NodeIndex node,
                                  SteadyTime attempt_started) const {
  const kubeapi::PodPtr& pod = entry.pod;
  Flight flight;
  flight.request = {refOf(*pod), context_.cache.nodeAt(node).name,
                    binderAmong(context_.options.extenders, *pod)};
  flight.profile = entry.profile;
  flight.attempts = entry.attempts;
  flight.moved_by_flush = entry.moved_by_flush;
  flight.first_attempt = entry.first_attempt.value_or(attempt_started);
  flight.attempt_started = attempt_started;
  flight.bind_started = context_.clock.now();
  flight.decision = context_.decision;
  flight.resource_version = pod->meta.resource_version;
  return flight;
}

bool Binding::start(QueuedPod& entry, placement::NodeIndex node, SteadyTime attempt_started) {
  const kubeapi::PodPtr pod = entry.pod;
  const Symbol uid = pod->meta.uid;
  ProfileRunner& profile = *context_.profiles[entry.profile];
  const Shape& shape = profile.shapes().at(entry.shape);
  VolumePlan plan;
  if (profile.bindsVolumes()) {
    plan = planVolumes(context_.cache, shape, context_.cache.view(context_.cache.nodeAt(node)));
  }
  context_.cache.assume(pod, node, shape.demand);
  Flight flight = flightOf(entry, node, attempt_started);
  const Symbol decided = flight.request.node;
  if (!plan.empty()) {
    promiseEnded(context_, pod, decided);
    bindVolumes(flights_.insert_or_assign(uid, std::move(flight)).first->second, plan);
    return true;
  }
  if (!send(flight)) {
    context_.cache.remove(uid);
    context_.queue.putBack(entry);
    return false;
  }
  flights_.insert_or_assign(uid, std::move(flight));
  promiseEnded(context_, pod, decided);
  return true;
}

bool Binding::send(Flight& flight) {
  if (!context_.ports.binder->bind(flight.request)) {
    full_until_ = context_.clock.now() + kFullPause;
    return false;
  }
  flight.state = State::kBinding;
  ++outstanding_;
  return true;
}

// Others may see meanwhile which node the pod waits for. Source: schedule_one.go (bindingCycle,
// NominatedNodeNameForExpectation).
void Binding::bindVolumes(Flight& flight, const VolumePlan& plan) {
  flight.state = State::kVolumes;
  flight.expected = true;
  const BindRequest request = flight.request;
  reporter_.expects(request);
  volumes_.start(request.pod, request.node, plan,
                 context_.profiles[flight.profile]->volumeBindTimeout());
}

void Binding::volumesDone(const Symbol& uid, const std::string& error) {
  const auto found = flights_.find(uid);
  if (found == flights_.end() || found->second.state != State::kVolumes) return;
  if (error.empty()) {
    found->second.state = State::kReady;
    ++ready_;
    if (!binderFull()) sendReady();
    return;
  }
  const Flight flight = std::move(found->second);
  flights_.erase(found);
  context_.metrics.volumesFailed();
  // Text: framework.go RunPreBindPlugins.
  failed(uid, flight, "running PreBind plugin \"VolumeBinding\": " + error, false);
}

void Binding::abandon(const Symbol& uid) {
  const auto flight = flights_.find(uid);
  if (flight != flights_.end()) {
    if (flight->second.state != State::kVolumes) return;
    volumes_.cancel(uid);
    flights_.erase(flight);
  }
  const CachedPod* pod = context_.cache.find(uid);
  if (pod != nullptr && pod->assumed) release(uid);
}

bool Binding::takeBack(const Symbol& uid) {
  const auto found = flights_.find(uid);
  if (found == flights_.end()) return false;
  const State state = found->second.state;
  const bool before_bind = state == State::kVolumes || state == State::kReady;
  if (!before_bind && state != State::kBinding) return false;
  if (!before_bind && !context_.ports.binder->takeBack(found->second.request.pod)) return false;
  volumes_.cancel(uid);
  answered(found->second);
  const Flight flight = std::move(found->second);
  flights_.erase(found);
  failed(uid, flight, "preempted", true);
  return true;
}

void Binding::answered(Flight& flight) {
  if (flight.state == State::kBinding) --outstanding_;
  if (flight.state == State::kReady) --ready_;
}

void Binding::finished(const BindRequest& request, BindOutcome outcome,
                       const std::string& message) {
  full_until_ = {};
  const Symbol uid = request.pod.uid;
  const auto found = flights_.find(uid);
  if (found == flights_.end() || found->second.state != State::kBinding) return;
  Flight& flight = found->second;
  answered(flight);
  measure(flight, outcome);
  const CachedPod* known = context_.cache.find(uid);
  if (flight.seen_placed || known == nullptr || !known->assumed) {
    // The watch has settled it already; whoever placed it, our answer changes nothing.
    const bool ours = known != nullptr && known->node->name == request.node;
    const Flight done = std::move(flight);
    flights_.erase(found);
    if (ours) bound(done);
    return;
  }
  switch (outcome) {
    case BindOutcome::kBound: {
      const Flight done = std::move(flight);
      flights_.erase(found);
      if (QueuedPod* entry = context_.queue.find(uid)) dropFromQueue(context_, *entry);
      bound(done);
      return;
    }
    case BindOutcome::kGone:
    case BindOutcome::kRejected: {
      const Flight done = std::move(flight);
      flights_.erase(found);
      failedBinding(uid, done, message, outcome == BindOutcome::kGone);
      return;
    }
    case BindOutcome::kConflict:
    case BindOutcome::kUnknown:
      if (flight.request.extender) flight.extender_silence = message;
      if (context_.ports.reader != nullptr) {
        ask(flight);
      } else if (outcome == BindOutcome::kConflict) {
        const Flight done = std::move(flight);
        flights_.erase(found);
        failedBinding(uid, done, message, true);
      } else {
        flight.state = State::kWatchTells;
      }
      return;
  }
}

void Binding::measure(const Flight& flight, BindOutcome outcome) {
  context_.metrics.framework().extensionPoint(
      flight.profile, MeasuredPoint::kBind,
      outcome == BindOutcome::kBound ? PointStatus::kSuccess : PointStatus::kError,
      context_.clock.now() - flight.bind_started);
}

void Binding::bound(const Flight& flight) {
  const SteadyTime now = context_.clock.now();
  const std::string& name = context_.profiles[flight.profile]->schedulerName();
  reporter_.scheduled(flight.request, flight.resource_version, name);
  context_.metrics.attemptEnded(flight.profile, AttemptResult::kScheduled,
                                seconds(now - flight.attempt_started));
  context_.metrics.podBound(flight.attempts, seconds(now - flight.first_attempt));
  trace(flight, AttemptResult::kScheduled, {}, now);
  if (flight.moved_by_flush) context_.metrics.flushHelped();
}

void Binding::trace(const Flight& flight, AttemptResult result, std::string_view message,
                    SteadyTime now) {
  if (context_.ports.traces == nullptr) return;
  const AttemptFacts facts{.pod = flight.request.pod,
                           .profile = context_.profiles[flight.profile]->schedulerName(),
                           .attempts = flight.attempts,
                           .result = result,
                           .node = flight.request.node.view(),
                           .message = message,
                           .started = flight.attempt_started,
                           .bind_started = flight.bind_started};
  traceAttempt(context_.ports.traces, facts, flight.decision, now);
}

void Binding::ask(Flight& flight) {
  flight.state = State::kAsking;
  if (!context_.ports.reader->refetch(flight.request.pod)) askLater(flight);
}

void Binding::askLater(Flight& flight) {
  base::Duration pause = kAskAgain;
  for (std::uint32_t i = 0; i < flight.asked && pause < kAskAgainAtMost; ++i) pause *= 2;
  ++flight.asked;
  flight.state = State::kAskLater;
  ++to_ask_;
  flight.ask_at = context_.clock.now() + std::min(pause, kAskAgainAtMost);
}

void Binding::refetched(const PodRef& ref, const std::optional<kubeapi::PodPtr>& pod) {
  const auto found = flights_.find(ref.uid);
  if (found == flights_.end() || found->second.state != State::kAsking) return;
  if (!pod) {
    askLater(found->second);
    return;
  }
  const Flight flight = std::move(found->second);
  flights_.erase(found);
  const kubeapi::PodPtr& fresh = *pod;
  if (fresh == nullptr || !(fresh->meta.uid == ref.uid) || kubeapi::isTerminal(*fresh)) {
    drop(ref.uid);
    return;
  }
  if (fresh->spec.node_name.empty()) {
    if (QueuedPod* entry = context_.queue.find(ref.uid)) context_.queue.replacePod(*entry, fresh);
    failedBinding(ref.uid, flight, flight.extender_silence, flight.extender_silence.empty());
    return;
  }
  const bool ours = fresh->spec.node_name == flight.request.node;
  const auto change = context_.cache.setPlaced(fresh);
  if (QueuedPod* entry = context_.queue.find(ref.uid)) dropFromQueue(context_, *entry);
  if (ours) {
    bound(flight);
  } else {
    wakeAfterPodLeft(context_, change.roomier, change.before != nullptr ? *change.before : *fresh,
                     kubeapi::hostPorts(*fresh), "AssignedPodDelete");
  }
}

// Frees what an assumed pod holds and tells who may use it.
void Binding::release(const Symbol& uid) {
  const ClusterCache::Left left = context_.cache.remove(uid);
  if (!left.found) return;
  wakeAfterPodLeft(context_, left.node, *left.pod, left.ports, "AssignedPodDelete");
}

void Binding::drop(const Symbol& uid) {
  release(uid);
  if (QueuedPod* entry = context_.queue.find(uid)) dropFromQueue(context_, *entry);
}

void Binding::failed(const Symbol& uid, const Flight& flight, const std::string& message,
                     bool quiet) {
  release(uid);
  const SteadyTime now = context_.clock.now();
  context_.metrics.attemptEnded(flight.profile, AttemptResult::kError,
                                seconds(now - flight.attempt_started));
  trace(flight, AttemptResult::kError, message, now);
  QueuedPod* entry = context_.queue.find(uid);
  if (entry == nullptr) return;
  const kubeapi::PodPtr pod = entry->pod;
  context_.queue.addAfterError(*entry);
  base::log().info("bind failed", {{"pod", pod->meta.ns.str() + "/" + pod->meta.name.str()},
                                   {"node", flight.request.node.view()},
                                   {"message", message}});
  if (pod->meta.deletion_time) return;
  if (quiet) {
    if (flight.expected) reporter_.clearNomination(*pod);
    return;
  }
  const std::string& scheduler = context_.profiles[flight.profile]->schedulerName();
  if (flight.expected) {
    reporter_.failedExpected(*pod, "SchedulerError", message, scheduler);
  } else {
    reporter_.failed(*pod, "SchedulerError", message, scheduler);
  }
}

void Binding::failedBinding(const Symbol& uid, const Flight& flight, const std::string& message,
                            bool quiet) {
  // Text: schedule_one.go bindingCycle and framework.go RunBindPlugins.
  // An extender's words stand alone.
  const char* const by_us = "binding rejected: running Bind plugin \"DefaultBinder\": ";
  failed(uid, flight, (flight.request.extender ? "" : by_us) + message, quiet);
}

void Binding::placedByWatch(const Symbol& uid) {
  const auto found = flights_.find(uid);
  if (found == flights_.end()) return;
  if (found->second.state == State::kBinding) {
    found->second.seen_placed = true;  // the answer brings the event and the metrics
    return;
  }
  answered(found->second);
  volumes_.cancel(uid);
  const Flight flight = std::move(found->second);
  flights_.erase(found);
  const CachedPod* pod = context_.cache.find(uid);
  if (pod != nullptr && pod->node->name == flight.request.node) bound(flight);
}

void Binding::goneByWatch(const Symbol& uid) {
  const auto found = flights_.find(uid);
  if (found == flights_.end()) return;
  answered(found->second);
  volumes_.cancel(uid);
  flights_.erase(found);
}

void Binding::extendersChanged() {
  for (auto& [uid, flight] : flights_) {
    if (flight.state != State::kVolumes && flight.state != State::kReady) continue;
    const QueuedPod* entry = context_.queue.find(uid);
    if (entry == nullptr) continue;
    flight.request.extender = binderAmong(context_.options.extenders, *entry->pod);
  }
}

void Binding::sendReady() {
  for (auto& [uid, flight] : flights_) {
    if (flight.state != State::kReady) continue;
    if (!send(flight)) return;  // it sets the pause after which this is tried again
    --ready_;
  }
}

void Binding::runTimers() {
  volumes_.runTimers();
  if (ready_ > 0 && !binderFull()) sendReady();
  if (to_ask_ == 0) return;
  to_ask_ = 0;
  const SteadyTime now = context_.clock.now();
  for (auto& [uid, flight] : flights_) {
    if (flight.state != State::kAskLater) continue;
    if (flight.ask_at <= now) {
      ask(flight);
    } else {
      ++to_ask_;
    }
  }
}

SteadyTime Binding::nextTimer() const {
  SteadyTime next = SteadyTime::max();
  if (ready_ > 0 || (binderFull() && context_.queue.hasDue())) next = full_until_;
  next = std::min(next, volumes_.nextTimer());
  if (to_ask_ == 0) return next;
  for (const auto& [uid, flight] : flights_) {
    if (flight.state == State::kAskLater) next = std::min(next, flight.ask_at);
  }
  return next;
}

bool Binding::binderFull() const { return context_.clock.now() < full_until_; }

}  // namespace stowage::scheduling
