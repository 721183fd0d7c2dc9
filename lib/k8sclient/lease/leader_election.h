// LeaderElector: takes and keeps a Lease, and runs the work of the leader meanwhile.
// Fencing: leadership can be lost between a check and a write; only preconditions (uid,
// resourceVersion) protect data. Rules: LeaseMachine (lease_machine.h).
// Thread safety: run() once, on the caller's thread; the rest from any thread.
// Ownership: api, clock and metrics must outlive the elector. `api` should have a connection of its
// own, so that one slow call cannot cost the lease.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "base/alarm.h"
#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/repeats.h"
#include "base/rng.h"
#include "base/status.h"
#include "k8sclient/lease/lease_machine.h"
#include "k8sclient/rest/api_client.h"
#include "kubeapi/decode.h"

namespace stowage::k8sclient {

struct LeaderCallbacks {
  // The leader's work, on a thread of its own. Must return soon after the token is stopped: at the
  // end of leadership, or when the process stops. Returning earlier does not end leadership.
  std::function<void(const std::stop_token&)> onStarted;
  // Leadership was lost, on the thread of run(); onStarted may still be winding down. The process
  // should exit. Not called on an orderly stop.
  std::function<void()> onLost;
  // Another holder ("" when none) was seen. May be empty.
  std::function<void(const std::string& holder)> onNewLeader;
};

class LeaderElector {
 public:
  // The options must pass validate().
  LeaderElector(LeaseOptions options, LeaderCallbacks callbacks, ApiClient& api, base::Clock& clock,
                std::uint64_t seed, base::MetricSink& metrics);
  ~LeaderElector();
  // What an elector counts; also where none has been made.
  static void announceMetrics(base::MetricSink& metrics);

  // kStopped: `stop` was requested, the leader's work has ended and the lease was given away (when
  // it was ours). kLost: another took it, or it could not be renewed in time.
  enum class Outcome { kStopped, kLost };
  Outcome run(const std::stop_token& stop);

  [[nodiscard]] bool isLeader() const;
  [[nodiscard]] std::string holder() const;
  // Fails when we believe to lead and have not renewed for the lease's time plus `tolerance`: the
  // elector hangs, and the process should be restarted.
  [[nodiscard]] base::Status check(base::Duration tolerance = std::chrono::seconds(20)) const;

 private:
  bool acquire(const std::stop_token& stop);
  // When a candidate tries again.
  base::SteadyTime nextCandidacy(base::SteadyTime now);
  Outcome lead(const std::stop_token& stop);
  // Renews until the work has ended after a stop (true) or leadership is lost (false).
  bool renewUntilDone(std::jthread& work, const std::stop_token& stop);
  // One try; its calls end at `deadline`.
  bool tryOnce(base::SteadyTime deadline, const std::stop_token& stop);
  void complain(const LeaseMachine::Call& call, const ApiError& error);
  LeaseMachine::Answer perform(const LeaseMachine::Call& call, base::Duration timeout,
                               const std::stop_token& stop);
  void release();
  void setLeading(bool leading);
  void publish();
  [[nodiscard]] base::Duration callTimeout() const;

  const LeaseOptions options_;
  const LeaderCallbacks callbacks_;
  const std::string path_;
  ApiClient& api_;
  base::Clock& clock_;
  base::Rng rng_;
  base::Gauge& status_metric_;
  base::Counter& slow_path_metric_;
  LeaseMachine machine_;
  base::Repeats complaints_;  // of the elector's thread
  kubeapi::Decoder<kubeapi::Lease> decoder_;
  base::Alarm alarm_;
  std::atomic<bool> work_ended_{false};
  base::SteadyTime last_renewal_{};  // start of the last try that succeeded

  mutable std::mutex mutex_;  // guards what follows
  bool leading_ = false;
  std::string holder_;
  base::SteadyTime renewed_at_{};
};

}  // namespace stowage::k8sclient
