// EventRecorder: writes events to the API server without ever holding up the caller. What comes too
// fast or cannot be written is dropped and counted. Rules: EventSeriesBook (event_series.h).
// Thread safety: record() from any thread, never blocks; start() and stop() from one owner.
// Ownership: api, clock and metrics must outlive the recorder.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/alarm.h"
#include "base/clock.h"
#include "base/metric_sink.h"
#include "k8sclient/events/event_record.h"
#include "k8sclient/events/event_series.h"
#include "k8sclient/rest/api_client.h"

namespace stowage::k8sclient {

struct EventRecorderOptions {
  std::size_t queue_capacity = 1000;  // upstream's maxQueuedEvents
  int workers = 2;  // one call each at a time; a series is never written twice at once
  base::Duration call_timeout = std::chrono::seconds(10);
  EventSeriesOptions series;
};

class EventRecorder {
 public:
  EventRecorder(EventRecorderOptions options, ApiClient& api, base::Clock& clock,
                std::uint64_t seed, base::MetricSink& metrics);
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  void start();
  // Takes no more records, gives what is queued `drain` (real time) to leave, then ends the
  // threads. Retries that wait are abandoned.
  void stop(base::Duration drain = std::chrono::milliseconds(500));

  // False when the record was dropped at once: the queue is full, or the recorder has stopped.
  bool record(EventRecord record);

 private:
  struct Metrics;
  struct Queued {
    EventRecord record;
    base::SteadyTime at;
    base::WallTime wall;
  };

  void work(const std::stop_token& stop);
  // The next write, or when there may be one.
  std::optional<EventWrite> nextWrite(std::optional<base::SteadyTime>& due);
  void perform(const EventWrite& write, const std::stop_token& stop);
  bool nothingLeftToSend();  // under book_mutex_

  const EventRecorderOptions options_;
  ApiClient& api_;
  base::Clock& clock_;
  std::unique_ptr<Metrics> metrics_;
  base::Alarm alarm_;

  std::mutex queue_mutex_;  // guards queue_ and accepting_; held for moments only
  std::deque<Queued> queue_;
  bool accepting_ = true;

  std::mutex book_mutex_;  // guards book_; taken before queue_mutex_
  EventSeriesBook book_;
  std::condition_variable idle_;
  int busy_ = 0;  // guarded by book_mutex_: workers inside a call

  std::vector<std::jthread> threads_;
};

}  // namespace stowage::k8sclient
