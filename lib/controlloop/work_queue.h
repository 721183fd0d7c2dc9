// WorkQueue: keys of objects that need a look. A key is with at most one worker at a time; however
// often it is added meanwhile, it is handed out once more, after done(). Keys that failed come back
// after a pause that grows with their failures. Keys added with low priority (all of them after a
// start or by a resync) come after those that something happened to.
// Thread safety: any thread. Memory follows the number of keys that wait, are worked on or have
// failed since they last succeeded.
// Source of the semantics and metrics: client-go util/workqueue (queue.go, delaying_queue.go,
// default_rate_limiters.go, metrics.go) and controller-runtime pkg/controller/priorityqueue.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "base/alarm.h"
#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/rng.h"

namespace stowage::controlloop {

enum class Priority : std::uint8_t { kNormal, kLow };

struct BackoffOptions {
  base::Duration first = std::chrono::milliseconds(50);
  base::Duration longest = std::chrono::seconds(60);
  double jitter = 0.2;  // a pause is longer by up to this share
};

class WorkQueue {
 public:
  // `name`: the metrics' label. `seed`: for the jitter.
  WorkQueue(const std::string& name, BackoffOptions backoff, base::Clock& clock, std::uint64_t seed,
            base::MetricSink& metrics);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void add(const std::string& key, Priority priority = Priority::kNormal);
  // The key is added when that time has passed; of two such waits for a key the shorter counts.
  void addAfter(const std::string& key, base::Duration wait);
  // The key failed: added after its next pause.
  void addAfterFailure(const std::string& key);
  // The key succeeded: its next failure is its first.
  void forget(const std::string& key);
  [[nodiscard]] std::uint32_t failures(const std::string& key) const;

  // The next key, now with the caller until done(); waits for one. nullopt: stopped.
  std::optional<std::string> take(const std::stop_token& stop);
  void done(const std::string& key);

  // Keys that could be taken now.
  [[nodiscard]] std::size_t depth() const;
  // Keys with a worker.
  [[nodiscard]] std::size_t working() const;
  // Brings the metrics that change by themselves up to date.
  void refreshMetrics();

 private:
  struct Metrics;
  struct Entry {
    bool waits = false;    // in a queue, or dirty while it is worked on
    bool working = false;  // with a worker
    Priority priority = Priority::kNormal;
    base::SteadyTime added{};
    base::SteadyTime taken{};
  };

  void addLocked(const std::string& key, Priority priority);
  std::deque<std::string>& queueOf(Priority priority) {
    return priority == Priority::kNormal ? normal_ : low_;
  }
  void endWaitsLocked();
  std::optional<std::string> popLocked();
  base::Duration nextPauseLocked(const std::string& key);

  const BackoffOptions backoff_;
  base::Clock& clock_;
  std::unique_ptr<Metrics> metrics_;
  base::Alarm alarm_;
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> normal_;
  std::deque<std::string> low_;
  std::multimap<base::SteadyTime, std::string> later_;
  std::unordered_map<std::string, base::SteadyTime> later_at_;  // of the keys in later_
  std::unordered_map<std::string, std::uint32_t> failures_;
  std::size_t working_ = 0;
  base::Rng rng_;
};

}  // namespace stowage::controlloop
