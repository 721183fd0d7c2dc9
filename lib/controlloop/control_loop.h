// ControlLoop: workers that bring objects, by key, to where they should be. One worker per key at a
// time; a failed key is tried again after a growing pause, an exception is that key's failure
// alone. Every key is looked at again now and then, whatever happened to it. Thread safety: add()
// and addAfter() from any thread, also before start(); start() and stop() from one owner. Source of
// semantics and metrics: controller-runtime pkg/internal/controller.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "controlloop/work_queue.h"

namespace stowage::controlloop {

// What became of one look at a key.
struct Outcome {
  enum class Next : std::uint8_t {
    kDone,     // nothing to do until something happens
    kAfter,    // look again after `after`; past failures are forgotten
    kRetry,    // failed with `error`: look again after a pause that grows
    kGivenUp,  // failed with `error`, and trying again cannot help until something happens
  } next = Next::kDone;
  base::Duration after{};
  std::string error;
};

struct ControlLoopOptions {
  std::string name;  // the metrics' label
  int workers = 2;
  BackoffOptions backoff = {};
  // Each key again about so often, with low priority; zero: never. Longer by up to a tenth.
  base::Duration resync = std::chrono::minutes(10);
};

class ControlLoop {
 public:
  using Reconcile = std::function<Outcome(const std::string& key, const std::stop_token& stop)>;
  // All keys there are, for the resync.
  using Keys = std::function<std::vector<std::string>()>;
  ControlLoop(ControlLoopOptions options, Reconcile reconcile, Keys keys, base::Clock& clock,
              std::uint64_t seed, base::MetricSink& metrics);
  ~ControlLoop();
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  void add(const std::string& key, Priority priority = Priority::kNormal) {
    queue_.add(key, priority);
  }
  void addAfter(const std::string& key, base::Duration wait) { queue_.addAfter(key, wait); }

  void start();
  // Takes no more keys, tells those that work to stop, and waits for them.
  void stop();

  [[nodiscard]] WorkQueue& queue() { return queue_; }

 private:
  struct Metrics;
  void work(const std::stop_token& stop);
  void keepHouse(const std::stop_token& stop);
  base::SteadyTime nextResync();
  Outcome look(const std::string& key, const std::stop_token& stop);
  void settle(const std::string& key, const Outcome& outcome);

  const ControlLoopOptions options_;
  const Reconcile reconcile_;
  const Keys keys_;
  base::Clock& clock_;
  base::Rng rng_;  // of the thread that keeps house
  std::unique_ptr<Metrics> metrics_;
  WorkQueue queue_;
  std::vector<std::jthread> threads_;
};

}  // namespace stowage::controlloop
