// LeaseMachine: the rules of leader election over a Lease, one try at a time, without thread, clock
// or I/O. begin() opens a try; each answer gives the next call, until the try is done.
//
//   believes to lead, record valid --> PUT with the remembered version --ok--> held
//          | otherwise, or refused
//          v
//         GET --404--> POST --ok--> held
//          | record changed: remember it and when we saw that (our steady clock, never its times)
//          | held by another and seen changing within its leaseDurationSeconds --> not held
//          v
//         PUT (transitions + 1 unless it was ours) --ok--> held       any other answer --> not held
//
// Assumption: clocks run at about the same rate; they may differ by any amount.
// Thread safety: none. Source: client-go tools/leaderelection/leaderelection.go, v0.36.3.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/rng.h"
#include "base/status.h"
#include "k8sclient/rest/api_client.h"
#include "kubeapi/lease.h"

namespace stowage::k8sclient {

struct LeaseOptions {
  std::string ns;
  std::string name;
  std::string identity;  // "hostname_uuid"
  base::Duration lease_duration = std::chrono::seconds(15);
  base::Duration renew_deadline = std::chrono::seconds(10);
  base::Duration retry_period = std::chrono::seconds(2);
};

// Spread of the waits between tries: retry_period * (1 + U * 1.2).
inline constexpr double kLeaseJitter = 1.2;

// lease > renew > 1.2 * retry, whole seconds of lease, names and identity present.
base::Status validate(const LeaseOptions& options);
// "hostname_uuid": different for every process whose `rng` has a seed of its own.
std::string leaseIdentity(std::string_view hostname, base::Rng& rng);

class LeaseMachine {
 public:
  explicit LeaseMachine(LeaseOptions options) : options_(std::move(options)) {}

  struct Call {
    enum class Kind { kGet, kCreate, kUpdate } kind = Kind::kGet;
    kubeapi::Lease lease;  // kCreate, kUpdate
  };
  // What the server said to the call: the lease as it now is, or the error.
  using Answer = tl::expected<kubeapi::LeasePtr, ApiError>;

  Call begin(base::SteadyTime now, base::WallTime wall);
  // The next call of the try, or nullopt when it is done; held() says how.
  std::optional<Call> onAnswer(const Answer& answer, base::SteadyTime now, base::WallTime wall);

  // The call that gives the lease away: holder "", one second. nullopt when it is not ours.
  [[nodiscard]] std::optional<Call> release(base::WallTime wall) const;
  // A fresh copy, when release() met a conflict.
  void refresh(kubeapi::LeasePtr lease, base::SteadyTime now);
  void onReleased();

  // The last try succeeded.
  [[nodiscard]] bool held() const { return held_; }
  // The holder that was seen last; "" when none.
  [[nodiscard]] std::string holder() const;
  // When the record was last seen changing (by us or by another).
  [[nodiscard]] base::SteadyTime observedAt() const { return observed_at_; }
  // When the record that was seen last runs out unless it changes again; nullopt when nobody holds
  // it.
  [[nodiscard]] std::optional<base::SteadyTime> expiresAt() const;
  // The record that was seen last names us.
  [[nodiscard]] bool ours() const;
  // The last try went the slow way although we led.
  [[nodiscard]] bool slowPath() const { return slow_path_; }

 private:
  enum class Expect { kNothing, kBlindUpdate, kGet, kCreate, kUpdate };

  [[nodiscard]] bool valid(base::SteadyTime now) const;
  void observe(kubeapi::LeasePtr lease, base::SteadyTime now);
  // A record of ours; the rest (acquire time, transitions, version) is the caller's.
  [[nodiscard]] kubeapi::Lease record(base::WallTime wall) const;
  std::optional<Call> afterGet(const kubeapi::LeasePtr& lease, base::SteadyTime now,
                               base::WallTime wall);
  std::optional<Call> done(bool held);

  const LeaseOptions options_;
  Expect expect_ = Expect::kNothing;
  bool held_ = false;
  bool slow_path_ = false;
  kubeapi::LeasePtr observed_;
  base::SteadyTime observed_at_{};
  base::SteadyTime began_{};  // the try under way
};

}  // namespace stowage::k8sclient
