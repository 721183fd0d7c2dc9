// SchedulingLoop: the one thread that drives a Scheduler with real time. Watch threads, binder
// threads and readers hand their news over through a bounded inbox; between two decisions
// everything that has arrived is applied, so that a decision sees the newest state there is. Thread
// safety: push(), tryPush(), setDeciding(), sinceBeat() and running() from any thread; run() from
// one. Ownership: refers to the Scheduler, which nobody else may touch while run() is on.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/metric_sink.h"
#include "scheduling/event_times.h"
#include "scheduling/news.h"
#include "scheduling/scheduler.h"

namespace stowage::scheduling {

struct LoopOptions {
  std::size_t inbox_capacity = 8192;
  base::Duration longest_sleep = std::chrono::seconds(1);  // the beat's period when all is quiet
  base::Duration stop_grace = std::chrono::seconds(2);     // for binds without an answer
};

class SchedulingLoop {
 public:
  SchedulingLoop(Scheduler& scheduler, base::Clock& clock, base::MetricSink& metrics,
                 LoopOptions options = {});
  SchedulingLoop(const SchedulingLoop&) = delete;
  SchedulingLoop& operator=(const SchedulingLoop&) = delete;

  // Waits while the inbox is full, until `stop`. False, and the news is lost, when stopped or when
  // the loop has ended.
  bool push(News news, const std::stop_token& stop);

  // Does not wait: false also while the inbox is full.
  bool tryPush(News news);

  // Whether pods may be decided: true while leading. News is applied either way, so that the caches
  // of a standby are warm. Off at the start.
  void setDeciding(bool deciding);

  // The thread's body. After `stop`: no more decisions; ends when every bind has its answer or
  // stop_grace has passed. Returns the number of binds still without an answer.
  std::size_t run(const std::stop_token& stop);

  // Time since the loop last came round: the liveness of the scheduling thread. Zero before run().
  [[nodiscard]] base::Duration sinceBeat() const;
  [[nodiscard]] bool running() const { return running_.load(std::memory_order_acquire); }
  // CachesSynced has been applied.
  [[nodiscard]] bool synced() const { return synced_.load(std::memory_order_acquire); }

 private:
  void applyAll();
  void apply(News& news);
  bool decideUntilNews();
  [[nodiscard]] base::SteadyTime wakeAt() const;
  void beat();

  Scheduler& scheduler_;
  base::Clock& clock_;
  const LoopOptions options_;
  base::BoundedQueue<News> inbox_;
  base::Gauge& inbox_size_;
  EventTimes times_;
  base::SteadyTime packing_due_{};
  bool packing_shown_ = false;
  std::atomic<bool> deciding_{false};
  std::atomic<bool> synced_{false};
  std::atomic<bool> running_{false};
  std::atomic<std::int64_t> last_beat_{0};  // steady nanoseconds; 0: never
};

}  // namespace stowage::scheduling
