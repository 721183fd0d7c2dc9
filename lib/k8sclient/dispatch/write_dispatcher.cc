#include "k8sclient/dispatch/write_dispatcher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"

namespace stowage::k8sclient {

namespace {

// So that conditions and evictions go on while many pods are bound.
constexpr int kBindsBeforeAnother = 4;

class FunctionWrite final : public ObjectWrite {
 public:
  explicit FunctionWrite(WriteCall call) : call_(std::move(call)) {}
  [[nodiscard]] base::Symbol object() const override { return call_.object; }
  [[nodiscard]] std::string_view callType() const override { return call_.call_type; }
  [[nodiscard]] int relevance() const override { return call_.relevance; }
  base::Status execute(const std::stop_token& stop) override { return call_.execute(stop); }
  void finished(WriteEnd end, const base::Status& status) override {
    if (call_.finished) call_.finished(end, status);
  }

 private:
  WriteCall call_;
};

}  // namespace

std::unique_ptr<ObjectWrite> makeWrite(WriteCall call) {
  return std::make_unique<FunctionWrite>(std::move(call));
}

// Names and buckets: kube-scheduler pkg/scheduler/metrics/metrics.go.
struct WriteDispatcher::Metrics {
  struct OfType {
    base::Gauge* pending = nullptr;
    base::Counter* executed[2] = {};  // error, success
    base::Histogram* duration[2] = {};
  };

  Metrics(base::MetricSink& sink, const std::vector<std::string>& call_types) {
    const auto buckets = base::exponentialBuckets(0.001, 2, 15);
    for (const std::string& type : call_types) {
      OfType& of = by_type[type];
      of.pending = &sink.gauge("scheduler_pending_async_api_calls",
                               "Number of API calls currently pending in the async queue.",
                               {{"call_type", type}});
      for (int success = 0; success < 2; ++success) {
        const base::MetricLabels labels = {{"call_type", type},
                                           {"result", success == 1 ? "success" : "error"}};
        of.executed[success] =
            &sink.counter("scheduler_async_api_call_execution_total",
                          "Total number of API calls executed by the async dispatcher.", labels);
        of.duration[success] = &sink.histogram(
            "scheduler_async_api_call_execution_duration_seconds",
            "Duration in seconds for executing API call in the async dispatcher.", labels, buckets);
      }
    }
    dropped = &sink.counter("stowage_async_api_calls_refused_total",
                            "API calls not taken because too many were waiting.", {});
  }

  void pending(std::string_view type, double change) {
    if (const auto at = by_type.find(type); at != by_type.end()) at->second.pending->add(change);
  }
  void executed(std::string_view type, bool success, base::Duration took) {
    const auto at = by_type.find(type);
    if (at == by_type.end()) return;
    const int result = success ? 1 : 0;
    at->second.executed[result]->increment();
    at->second.duration[result]->observe(std::chrono::duration<double>(took).count());
  }

  std::map<std::string, OfType, std::less<>> by_type;
  base::Counter* dropped = nullptr;
};

WriteDispatcher::WriteDispatcher(WriteDispatcherOptions options,
                                 const std::vector<std::string>& call_types, base::Clock& clock,
                                 base::MetricSink& metrics)
    : options_(options), clock_(clock), metrics_(std::make_unique<Metrics>(metrics, call_types)) {}

WriteDispatcher::~WriteDispatcher() { stop(base::Duration::zero()); }

void WriteDispatcher::start() {
  STOWAGE_CHECK(threads_.empty(), "a dispatcher starts once");
  for (int i = 0; i < options_.senders; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { send(stop); });
  }
}

WriteDispatcher::Submitted WriteDispatcher::submit(std::unique_ptr<ObjectWrite> write) {
  std::unique_ptr<ObjectWrite> superseded;
  bool queued = false;
  {
    std::lock_guard lock(mutex_);
    if (!accepting_) return Submitted::kStopped;
    const base::Symbol object = write->object();
    const auto at = slots_.find(object);
    if (at == slots_.end()) {
      if (pending_ >= options_.max_pending) {
        metrics_->dropped->increment();
        return Submitted::kFull;
      }
      queues_[laneOf(*write)].push_back(object);
      ++pending_;
      metrics_->pending(write->callType(), 1);
      slots_[object].waiting = std::move(write);
      queued = true;
    } else if (at->second.waiting != nullptr) {
      ObjectWrite& older = *at->second.waiting;
      if (write->relevance() < older.relevance()) return Submitted::kSkipped;
      if (write->callType() == older.callType()) {
        write->absorb(older);
      } else {
        metrics_->pending(older.callType(), -1);
        metrics_->pending(write->callType(), 1);
      }
      const Lane lane = laneOf(*write);
      if (!at->second.in_flight && laneOf(older) != lane) {
        auto& queue = queues_[laneOf(older)];
        queue.erase(std::find(queue.begin(), queue.end(), object));
        queues_[lane].push_back(object);
      }
      superseded = std::exchange(at->second.waiting, std::move(write));
    } else {
      // Under way: the new one waits behind it.
      if (write->relevance() < at->second.in_flight_relevance) return Submitted::kSkipped;
      if (pending_ >= options_.max_pending) {
        metrics_->dropped->increment();
        return Submitted::kFull;
      }
      ++pending_;
      metrics_->pending(write->callType(), 1);
      at->second.waiting = std::move(write);
    }
  }
  if (queued) work_.notify_one();
  if (superseded != nullptr) superseded->finished(WriteEnd::kSuperseded, {});
  return Submitted::kQueued;
}

bool WriteDispatcher::takeBack(const base::Symbol& object, std::string_view call_type) {
  std::unique_ptr<ObjectWrite> taken;  // destroyed outside the lock
  std::lock_guard lock(mutex_);
  const auto at = slots_.find(object);
  if (at == slots_.end() || at->second.waiting == nullptr) return false;
  if (at->second.waiting->callType() != call_type) return false;
  taken = std::move(at->second.waiting);
  --pending_;
  metrics_->pending(call_type, -1);
  if (!at->second.in_flight) {
    auto& queue = queues_[laneOf(*taken)];
    queue.erase(std::find(queue.begin(), queue.end(), object));
    slots_.erase(at);
  }
  if (allSentLocked()) idle_.notify_all();
  return true;
}

WriteDispatcher::Lane WriteDispatcher::laneOf(const ObjectWrite& write) {
  return write.callType() == kBindCall ? kBinds : kOthers;
}

bool WriteDispatcher::nothingWaitsLocked() const {
  return queues_[kBinds].empty() && queues_[kOthers].empty();
}

base::Symbol WriteDispatcher::takeNextLocked() {
  const bool others_wait = !queues_[kOthers].empty();
  const bool bind =
      !queues_[kBinds].empty() && !(others_wait && binds_in_a_row_ >= kBindsBeforeAnother);
  binds_in_a_row_ = bind && others_wait ? binds_in_a_row_ + 1 : 0;
  auto& queue = queues_[bind ? kBinds : kOthers];
  const base::Symbol object = queue.front();
  queue.pop_front();
  return object;
}

void WriteDispatcher::send(const std::stop_token& stop) {
  for (;;) {
    std::unique_ptr<ObjectWrite> write;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, stop, [&] { return !nothingWaitsLocked(); });
      if (stop.stop_requested()) return;
      const base::Symbol object = takeNextLocked();
      Slot& slot = slots_[object];
      write = std::move(slot.waiting);
      slot.in_flight = true;
      slot.in_flight_relevance = write->relevance();
      --pending_;
      ++in_flight_;
      metrics_->pending(write->callType(), -1);
    }
    const base::SteadyTime began = clock_.now();
    const base::Status status = write->execute(stop);
    finish(std::move(write), status, clock_.now() - began);
  }
}

void WriteDispatcher::finish(std::unique_ptr<ObjectWrite> write, const base::Status& status,
                             base::Duration took) {
  metrics_->executed(write->callType(), status.ok(), took);
  const base::Symbol object = write->object();
  bool queued = false;
  {
    // The object is free before finished() runs: a follow-up submitted from there is not skipped.
    std::lock_guard lock(mutex_);
    const auto at = slots_.find(object);
    --in_flight_;
    if (at->second.waiting == nullptr) {
      slots_.erase(at);
    } else {
      at->second.in_flight = false;
      queues_[laneOf(*at->second.waiting)].push_back(object);
      queued = true;
    }
    if (allSentLocked()) idle_.notify_all();
  }
  if (queued) work_.notify_one();  // this sender may be busy with finished()
  write->finished(WriteEnd::kExecuted, status);
}

bool WriteDispatcher::stop(base::Duration limit) {
  bool all_sent = false;
  std::vector<std::unique_ptr<ObjectWrite>> abandoned;
  {
    std::unique_lock lock(mutex_);
    accepting_ = false;
    all_sent = idle_.wait_for(lock, limit, [&] { return allSentLocked(); });
  }
  for (std::jthread& thread : threads_) thread.request_stop();
  for (std::jthread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  threads_.clear();
  {
    std::lock_guard lock(mutex_);
    for (auto& [object, slot] : slots_) {
      if (slot.waiting == nullptr) continue;
      metrics_->pending(slot.waiting->callType(), -1);
      abandoned.push_back(std::move(slot.waiting));
    }
    slots_.clear();
    for (auto& queue : queues_) queue.clear();
    pending_ = 0;
  }
  for (auto& write : abandoned) write->finished(WriteEnd::kAbandoned, {});
  return all_sent;
}

std::size_t WriteDispatcher::pending() const {
  std::lock_guard lock(mutex_);
  return pending_;
}

std::size_t WriteDispatcher::inFlight() const {
  std::lock_guard lock(mutex_);
  return in_flight_;
}

}  // namespace stowage::k8sclient
