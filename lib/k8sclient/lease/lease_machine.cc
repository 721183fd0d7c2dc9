#include "k8sclient/lease/lease_machine.h"

#include <fmt/format.h>

#include <limits>

namespace stowage::k8sclient {

namespace {

using std::chrono::seconds;

// Whether the two records say the same, apart from bookkeeping of the API server.
bool sameRecord(const kubeapi::Lease& a, const kubeapi::Lease& b) {
  return a.meta.uid == b.meta.uid && a.holder == b.holder &&
         a.duration_seconds == b.duration_seconds && a.acquire_time == b.acquire_time &&
         a.renew_time == b.renew_time && a.transitions == b.transitions;
}

}  // namespace

base::Status validate(const LeaseOptions& options) {
  using base::Code;
  const auto invalid = [](std::string text) {
    return base::Status(Code::kInvalidArgument, std::move(text));
  };
  if (options.ns.empty() || options.name.empty()) {
    return invalid("leader election: the lease needs a namespace and a name");
  }
  if (options.identity.empty()) return invalid("leader election: the identity is empty");
  if (options.retry_period <= base::Duration::zero()) {
    return invalid("leader election: retryPeriod must be greater than zero");
  }
  if (options.lease_duration < seconds(1)) {
    return invalid("leader election: leaseDuration must be at least one second");
  }
  if (options.lease_duration <= options.renew_deadline) {
    return invalid("leader election: leaseDuration must be greater than renewDeadline");
  }
  const auto least = std::chrono::duration<double, std::nano>(options.retry_period) * kLeaseJitter;
  if (options.renew_deadline <= least) {
    return invalid("leader election: renewDeadline must be greater than 1.2 times retryPeriod");
  }
  return {};
}

std::string leaseIdentity(std::string_view hostname, base::Rng& rng) {
  const std::uint64_t a = rng.next();
  const std::uint64_t b = rng.next();
  // The shape of a random UUID (version 4), as every other client has it.
  return fmt::format("{}_{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", hostname, a >> 32,
                     (a >> 16) & 0xffff, a & 0xfff, 0x8000 | ((b >> 48) & 0x3fff),
                     b & 0xffffffffffff);
}

bool LeaseMachine::ours() const {
  return observed_ != nullptr && observed_->holder == options_.identity;
}

bool LeaseMachine::valid(base::SteadyTime now) const {
  return observed_ != nullptr && observed_at_ + seconds(observed_->duration_seconds) > now;
}

std::optional<base::SteadyTime> LeaseMachine::expiresAt() const {
  if (observed_ == nullptr || observed_->holder.empty()) return std::nullopt;
  return observed_at_ + seconds(observed_->duration_seconds);
}

std::string LeaseMachine::holder() const {
  return observed_ == nullptr ? std::string() : observed_->holder;
}

void LeaseMachine::observe(kubeapi::LeasePtr lease, base::SteadyTime now) {
  observed_ = std::move(lease);
  observed_at_ = now;
}

kubeapi::Lease LeaseMachine::record(base::WallTime wall) const {
  kubeapi::Lease lease;
  lease.meta.ns = options_.ns;
  lease.meta.name = options_.name;
  lease.holder = options_.identity;
  lease.duration_seconds = static_cast<std::int32_t>(
      std::chrono::duration_cast<seconds>(options_.lease_duration).count());
  lease.acquire_time = wall;
  lease.renew_time = wall;
  return lease;
}

std::optional<LeaseMachine::Call> LeaseMachine::done(bool held) {
  held_ = held;
  expect_ = Expect::kNothing;
  return std::nullopt;
}

LeaseMachine::Call LeaseMachine::begin(base::SteadyTime now, base::WallTime wall) {
  began_ = now;
  slow_path_ = false;
  if (!ours() || !valid(now)) {
    expect_ = Expect::kGet;
    return {};
  }
  expect_ = Expect::kBlindUpdate;
  kubeapi::Lease renewed = record(wall);
  renewed.meta = observed_->meta;
  renewed.acquire_time = observed_->acquire_time;
  renewed.transitions = observed_->transitions;
  return {Call::Kind::kUpdate, std::move(renewed)};
}

std::optional<LeaseMachine::Call> LeaseMachine::onAnswer(const Answer& answer, base::SteadyTime now,
                                                         base::WallTime wall) {
  switch (expect_) {
    case Expect::kNothing:
      return std::nullopt;
    case Expect::kBlindUpdate:
      if (!answer) {
        slow_path_ = true;
        expect_ = Expect::kGet;
        return Call{};
      }
      break;
    case Expect::kGet:
      if (answer) return afterGet(*answer, now, wall);
      if (answer.error().http_status != 404) return done(false);
      expect_ = Expect::kCreate;
      return Call{Call::Kind::kCreate, record(wall)};
    case Expect::kCreate:
    case Expect::kUpdate:
      if (!answer) return done(false);
      break;
  }
  // Written by us. Others see it later than we sent it: counting from the start of the try is safe.
  observe(*answer, began_);
  return done(true);
}

std::optional<LeaseMachine::Call> LeaseMachine::afterGet(const kubeapi::LeasePtr& lease,
                                                         base::SteadyTime now,
                                                         base::WallTime wall) {
  if (observed_ == nullptr || !sameRecord(*observed_, *lease)) {
    observe(lease, now);
  } else {
    observed_ = lease;  // its resourceVersion may be newer; the time of the last change stands
  }
  if (!observed_->holder.empty() && valid(now) && !ours()) return done(false);
  kubeapi::Lease next = record(wall);
  next.meta = observed_->meta;
  next.transitions = observed_->transitions;
  if (ours()) {
    next.acquire_time = observed_->acquire_time;
  } else {
    // A hostile record may stand at the limit.
    if (next.transitions < std::numeric_limits<std::int32_t>::max()) ++next.transitions;
  }
  expect_ = Expect::kUpdate;
  return Call{Call::Kind::kUpdate, std::move(next)};
}

std::optional<LeaseMachine::Call> LeaseMachine::release(base::WallTime wall) const {
  if (!ours()) return std::nullopt;
  kubeapi::Lease given = *observed_;
  given.holder.clear();
  given.duration_seconds = 1;
  given.renew_time = wall;
  given.acquire_time = wall;
  return Call{Call::Kind::kUpdate, std::move(given)};
}

void LeaseMachine::refresh(kubeapi::LeasePtr lease, base::SteadyTime now) {
  observe(std::move(lease), now);
}

void LeaseMachine::onReleased() {
  observed_ = nullptr;
  held_ = false;
}

}  // namespace stowage::k8sclient
