#include "k8sclient/events/event_recorder.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace stowage::k8sclient {

namespace {

// Waking up for nothing once an hour costs nothing and keeps deadlines far from overflow.
constexpr base::Duration kLongSleep = std::chrono::hours(1);

EventWriteResult resultOf(const ApiResult<std::string>& answer) {
  if (answer) return EventWriteResult::kWritten;
  const ApiError& error = answer.error();
  if (error.http_status == 404) return EventWriteResult::kNotFound;
  if (error.http_status == 409) {
    return error.code == base::Code::kAlreadyExists ? EventWriteResult::kExists
                                                    : EventWriteResult::kFailed;
  }
  const bool refused =
      error.http_status >= 400 && error.http_status < 500 && error.http_status != 429;
  return refused ? EventWriteResult::kRefused : EventWriteResult::kFailed;
}

}  // namespace

struct EventRecorder::Metrics {
  explicit Metrics(base::MetricSink& sink)
      : written(sink.counter("stowage_events_written_total",
                             "Events created or patched at the API server.", {})),
        queue_full(dropped(sink, "queue_full")) {
    constexpr std::array<const char*, 5> kReasons = {"spam", "refused", "gave_up", "invalid",
                                                     "forgotten"};
    for (std::size_t i = 0; i < kReasons.size(); ++i) by_book[i] = &dropped(sink, kReasons[i]);
  }
  static base::Counter& dropped(base::MetricSink& sink, const char* reason) {
    return sink.counter("stowage_events_dropped_total", "Events that were not written.",
                        {{"reason", reason}});
  }
  // Adds what the book counted since the last call. Under the book's lock.
  void publish(const EventCounts& now) {
    const std::array<std::uint64_t, 5> values = {now.spam_dropped, now.refused, now.gave_up,
                                                 now.invalid, now.forgotten};
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] == seen[i]) continue;
      by_book[i]->add(static_cast<double>(values[i] - seen[i]));
      seen[i] = values[i];
    }
  }

  base::Counter& written;
  base::Counter& queue_full;
  std::array<base::Counter*, 5> by_book{};
  std::array<std::uint64_t, 5> seen{};
};

EventRecorder::EventRecorder(EventRecorderOptions options, ApiClient& api, base::Clock& clock,
                             std::uint64_t seed, base::MetricSink& metrics)
    : options_(options),
      api_(api),
      clock_(clock),
      metrics_(std::make_unique<Metrics>(metrics)),
      alarm_(clock),
      book_(options.series, seed) {}

EventRecorder::~EventRecorder() { stop(base::Duration::zero()); }

void EventRecorder::start() {
  STOWAGE_CHECK(threads_.empty(), "a recorder starts once");
  for (int i = 0; i < options_.workers; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

bool EventRecorder::record(EventRecord record) {
  {
    std::lock_guard lock(queue_mutex_);
    if (!accepting_) return false;
    if (queue_.size() >= options_.queue_capacity) {
      metrics_->queue_full.increment();
      return false;
    }
    queue_.push_back({std::move(record), clock_.now(), clock_.wallNow()});
  }
  alarm_.ring();
  return true;
}

void EventRecorder::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::uint64_t rings = alarm_.rings();
    std::optional<base::SteadyTime> due;
    if (const auto write = nextWrite(due)) {
      perform(*write, stop);
      continue;
    }
    const base::SteadyTime latest = clock_.now() + kLongSleep;
    alarm_.sleepUntil(due ? std::min(*due, latest) : latest, rings, stop);
  }
}

std::optional<EventWrite> EventRecorder::nextWrite(std::optional<base::SteadyTime>& due) {
  std::lock_guard book_lock(book_mutex_);
  for (;;) {
    // One record at a time: what cannot be written yet stays in the bounded queue.
    std::optional<EventWrite> write = book_.takeWrite(clock_.now());
    if (write) {
      ++busy_;
      return write;
    }
    std::optional<Queued> next;
    {
      std::lock_guard queue_lock(queue_mutex_);
      if (!queue_.empty()) {
        next.emplace(std::move(queue_.front()));
        queue_.pop_front();
      }
    }
    if (!next) break;
    book_.observe(std::move(next->record), next->at, next->wall);
    metrics_->publish(book_.counts());
  }
  due = book_.nextDue();
  idle_.notify_all();
  return std::nullopt;
}

void EventRecorder::perform(const EventWrite& write, const std::stop_token& stop) {
  CallOptions call;
  call.timeout = options_.call_timeout;
  call.lane = CallOptions::Lane::kFast;
  const auto answer = write.kind == EventWrite::Kind::kCreate
                          ? api_.create(write.path, write.body, call, stop)
                          : api_.patch(write.path, PatchType::kMerge, write.body, call, stop);
  const EventWriteResult result = resultOf(answer);
  if (result == EventWriteResult::kWritten) metrics_->written.increment();
  if (result == EventWriteResult::kRefused) {
    base::log().warn("event refused", {{"path", write.path}, {"error", answer.error().message}});
  }
  std::lock_guard lock(book_mutex_);
  --busy_;
  book_.finished(write.series, result, clock_.now());
  metrics_->publish(book_.counts());
  idle_.notify_all();
  // Others may sleep past what is due now.
  alarm_.ring();
}

bool EventRecorder::nothingLeftToSend() {
  std::lock_guard queue_lock(queue_mutex_);
  const auto due = book_.nextDue();
  return queue_.empty() && busy_ == 0 && (!due || *due > clock_.now());
}

void EventRecorder::stop(base::Duration drain) {
  {
    std::lock_guard lock(queue_mutex_);
    accepting_ = false;
  }
  if (!threads_.empty()) {
    std::unique_lock lock(book_mutex_);
    idle_.wait_for(lock, drain, [&] { return nothingLeftToSend(); });
  }
  for (std::jthread& thread : threads_) thread.request_stop();
  for (std::jthread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace stowage::k8sclient
