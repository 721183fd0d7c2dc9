#include "k8sclient/lease/leader_election.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"

namespace stowage::k8sclient {

namespace {

const ResourceType kLeases{"coordination.k8s.io", "v1", "leases"};
// Giving the lease away must not hold up the end of the process.
constexpr base::Duration kReleaseTimeout = std::chrono::seconds(1);
// A standby without a right tries every two seconds; a leader has ten in all.
constexpr base::Duration kComplainAgain = std::chrono::seconds(30);
constexpr base::Duration kLeastCallTimeout = std::chrono::seconds(1);

const base::MetricFamily& statusFamily() {
  static const base::MetricFamily kFamily{base::MetricType::kGauge,
                                          "leader_election_master_status",
                                          "1 while this process leads, 0 while it does not.",
                                          {"name"},
                                          {}};
  return kFamily;
}
const base::MetricFamily& slowPathFamily() {
  static const base::MetricFamily kFamily{base::MetricType::kCounter,
                                          "leader_election_slowpath_total",
                                          "Renewals that needed a read first.",
                                          {"name"},
                                          {}};
  return kFamily;
}

}  // namespace

void LeaderElector::announceMetrics(base::MetricSink& metrics) {
  metrics.announce(statusFamily());
  metrics.announce(slowPathFamily());
}

LeaderElector::LeaderElector(LeaseOptions options, LeaderCallbacks callbacks, ApiClient& api,
                             base::Clock& clock, std::uint64_t seed, base::MetricSink& metrics)
    : options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      path_(resourcePath(kLeases, options_.ns)),
      api_(api),
      clock_(clock),
      rng_(seed),
      status_metric_(
          metrics.gauge(statusFamily().name, statusFamily().help, {{"name", options_.name}})),
      slow_path_metric_(
          metrics.counter(slowPathFamily().name, slowPathFamily().help, {{"name", options_.name}})),
      machine_(options_),
      complaints_(kComplainAgain),
      alarm_(clock) {
  status_metric_.set(0);
}

LeaderElector::~LeaderElector() = default;

LeaderElector::Outcome LeaderElector::run(const std::stop_token& stop) {
  base::log().info("waiting for the leader lease",
                   {{"lease", options_.ns + "/" + options_.name}, {"identity", options_.identity}});
  if (!acquire(stop)) return Outcome::kStopped;
  return lead(stop);
}

base::Duration LeaderElector::callTimeout() const {
  return std::max(kLeastCallTimeout, options_.renew_deadline / 2);
}

bool LeaderElector::acquire(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const base::SteadyTime began = clock_.now();
    if (tryOnce(began + options_.renew_deadline, stop)) {
      last_renewal_ = began;
      return true;
    }
    clock_.sleepUntil(nextCandidacy(clock_.now()), stop);
  }
  return false;
}

// After the usual wait, or as soon as a silent holder's time is over: a dead leader is then
// replaced within the lease's time and one retry, where client-go needs up to two retries.
base::SteadyTime LeaderElector::nextCandidacy(base::SteadyTime now) {
  const auto wait =
      static_cast<double>(options_.retry_period.count()) * (1 + rng_.uniform() * kLeaseJitter);
  const base::SteadyTime usual = now + base::Duration(static_cast<base::Duration::rep>(wait));
  const std::optional<base::SteadyTime> expiry = machine_.expiresAt();
  if (!expiry || *expiry <= now) return usual;
  // A little apart, so that several candidates do not all come at the same moment.
  const auto apart = static_cast<double>(options_.retry_period.count()) * 0.1 * rng_.uniform();
  return std::min(usual, *expiry + base::Duration(static_cast<base::Duration::rep>(apart)));
}

LeaderElector::Outcome LeaderElector::lead(const std::stop_token& stop) {
  base::log().info("leading", {{"lease", options_.ns + "/" + options_.name}});
  setLeading(true);
  std::jthread work([this](const std::stop_token& token) {
    callbacks_.onStarted(token);
    work_ended_ = true;
    alarm_.ring();
  });
  const bool orderly = renewUntilDone(work, stop);
  setLeading(false);
  if (orderly) {
    work.join();
    release();
    return Outcome::kStopped;
  }
  base::log().error("leadership lost",
                    {{"lease", options_.ns + "/" + options_.name}, {"holder", machine_.holder()}});
  work.request_stop();
  if (callbacks_.onLost) callbacks_.onLost();
  return Outcome::kLost;
}

bool LeaderElector::renewUntilDone(std::jthread& work, const std::stop_token& stop) {
  base::SteadyTime next_try = last_renewal_ + options_.retry_period;
  bool stopping = false;
  for (;;) {
    const std::uint64_t rings = alarm_.rings();
    if (stop.stop_requested() && !stopping) {
      stopping = true;
      work.request_stop();
    }
    if (stopping && work_ended_) return true;
    // While the work winds down the lease is still kept: nobody else may start meanwhile.
    const std::stop_token token = stopping ? std::stop_token() : stop;
    const base::SteadyTime deadline = last_renewal_ + options_.renew_deadline;
    if (clock_.now() < next_try) {
      alarm_.sleepUntil(std::min(next_try, deadline), rings, token);
      continue;
    }
    if (clock_.now() >= deadline) return false;
    const base::SteadyTime began = clock_.now();
    if (tryOnce(deadline, token)) {
      last_renewal_ = began;
      setLeading(true);
    } else if (!machine_.ours()) {
      return false;
    }
    next_try = began + options_.retry_period;
  }
}

bool LeaderElector::tryOnce(base::SteadyTime deadline, const std::stop_token& stop) {
  std::optional<LeaseMachine::Call> call = machine_.begin(clock_.now(), clock_.wallNow());
  while (call) {
    const base::Duration left = deadline - clock_.now();
    if (left <= base::Duration::zero()) return false;
    const LeaseMachine::Answer answer = perform(*call, std::min(left, callTimeout()), stop);
    if (!answer && !stop.stop_requested()) complain(*call, answer.error());
    call = machine_.onAnswer(answer, clock_.now(), clock_.wallNow());
  }
  if (machine_.slowPath()) slow_path_metric_.increment();
  publish();
  if (machine_.held()) complaints_.forget();
  return machine_.held();
}

void LeaderElector::complain(const LeaseMachine::Call& call, const ApiError& error) {
  // That there is no lease yet is how it begins. That none can be made is not: the namespace may be
  // missing.
  constexpr int kNotFound = 404;
  if (call.kind == LeaseMachine::Call::Kind::kGet && error.http_status == kNotFound) return;
  if (!complaints_.worthSaying(error.message, clock_.now())) return;
  base::log().warn("lease call failed",
                   {{"lease", options_.ns + "/" + options_.name}, {"error", error.message}});
}

LeaseMachine::Answer LeaderElector::perform(const LeaseMachine::Call& call, base::Duration timeout,
                                            const std::stop_token& stop) {
  CallOptions options;
  options.timeout = timeout;
  const std::string object_path = resourcePath(kLeases, options_.ns, options_.name);
  ApiResult<std::string> answer;
  switch (call.kind) {
    case LeaseMachine::Call::Kind::kGet:
      answer = api_.get(object_path, options, stop);
      break;
    case LeaseMachine::Call::Kind::kCreate:
      answer = api_.create(path_, kubeapi::encodeLease(call.lease), options, stop);
      break;
    case LeaseMachine::Call::Kind::kUpdate:
      answer = api_.update(object_path, kubeapi::encodeLease(call.lease), options, stop);
      break;
  }
  if (!answer) return tl::unexpected(answer.error());
  auto lease = decoder_.object(*answer);
  if (!lease) {
    ApiError error;
    error.message = "unreadable lease: " + lease.error().message();
    return tl::unexpected(std::move(error));
  }
  return std::move(*lease);
}

void LeaderElector::release() {
  const std::stop_token no_stop;
  // Once more after a conflict: somebody may have touched the object's metadata.
  for (int tries = 0; tries < 2; ++tries) {
    const auto call = machine_.release(clock_.wallNow());
    if (!call) return;
    const auto answer = perform(*call, kReleaseTimeout, no_stop);
    if (answer) {
      machine_.onReleased();
      base::log().info("released the leader lease", {{"lease", options_.ns + "/" + options_.name}});
      return;
    }
    if (answer.error().http_status != 409) {
      base::log().warn("the leader lease was not released", {{"error", answer.error().message}});
      return;
    }
    const auto fresh = perform({}, kReleaseTimeout, no_stop);
    if (!fresh) return;
    machine_.refresh(*fresh, clock_.now());
  }
}

void LeaderElector::setLeading(bool leading) {
  status_metric_.set(leading ? 1 : 0);
  std::lock_guard lock(mutex_);
  leading_ = leading;
  renewed_at_ = last_renewal_;
}

void LeaderElector::publish() {
  const std::string holder = machine_.holder();
  {
    std::lock_guard lock(mutex_);
    if (holder == holder_) return;
    holder_ = holder;
  }
  base::log().info("leader changed",
                   {{"lease", options_.ns + "/" + options_.name}, {"holder", holder}});
  if (callbacks_.onNewLeader) callbacks_.onNewLeader(holder);
}

bool LeaderElector::isLeader() const {
  std::lock_guard lock(mutex_);
  return leading_;
}

std::string LeaderElector::holder() const {
  std::lock_guard lock(mutex_);
  return holder_;
}

base::Status LeaderElector::check(base::Duration tolerance) const {
  std::lock_guard lock(mutex_);
  if (!leading_ || clock_.now() - renewed_at_ <= options_.lease_duration + tolerance) return {};
  return {base::Code::kInternal,
          "leader election: lease " + options_.name +
              " has not been renewed in time and leadership was not given up"};
}

}  // namespace stowage::k8sclient
