#include "controlloop/control_loop.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace stowage::controlloop {
namespace {

constexpr double kResyncJitter = 0.1;
constexpr base::Duration kMetricsPeriod = std::chrono::seconds(5);

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::vector<double> reconcileBuckets() {
  return {0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,  0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6,
          0.7,   0.8,  0.9,   1,    1.25, 1.5,  1.75, 2,    2.5, 3,    3.5, 4,    4.5, 5,
          6,     7,    8,     9,    10,   15,   20,   25,   30,  40,   50,  60};
}

}  // namespace

// Names and buckets: controller-runtime pkg/internal/controller/metrics.
struct ControlLoop::Metrics {
  Metrics(base::MetricSink& sink, const std::string& name, int workers)
      : labels{{"controller", name}},
        errors(sink.counter("controller_runtime_reconcile_errors_total",
                            "Total number of reconciliation errors per controller", labels)),
        given_up(sink.counter("controller_runtime_terminal_reconcile_errors_total",
                              "Total number of terminal reconciliation errors per controller",
                              labels)),
        panics(sink.counter("controller_runtime_reconcile_panics_total",
                            "Total number of reconciliation panics per controller", labels)),
        took(sink.histogram("controller_runtime_reconcile_time_seconds",
                            "Length of time per reconciliation per controller", labels,
                            reconcileBuckets())),
        active(sink.gauge("controller_runtime_active_workers",
                          "Number of currently used workers per controller", labels)) {
    const std::array<const char*, 4> names = {"success", "requeue_after", "error", "requeue"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      results[i] = &sink.counter("controller_runtime_reconcile_total",
                                 "Total number of reconciliations per controller",
                                 {{"controller", name}, {"result", names[i]}});
    }
    sink.gauge("controller_runtime_max_concurrent_reconciles",
               "Maximum number of concurrent reconciles per controller", labels)
        .set(workers);
  }

  const base::MetricLabels labels;
  base::Counter& errors;
  base::Counter& given_up;
  base::Counter& panics;
  base::Histogram& took;
  base::Gauge& active;
  std::array<base::Counter*, 4> results{};  // success, requeue_after, error, requeue
};

ControlLoop::ControlLoop(ControlLoopOptions options, Reconcile reconcile, Keys keys,
                         base::Clock& clock, std::uint64_t seed, base::MetricSink& metrics)
    : options_(std::move(options)),
      reconcile_(std::move(reconcile)),
      keys_(std::move(keys)),
      clock_(clock),
      rng_(seed),
      metrics_(std::make_unique<Metrics>(metrics, options_.name, options_.workers)),
      queue_(options_.name, options_.backoff, clock, seed + 1, metrics) {}

ControlLoop::~ControlLoop() { stop(); }

void ControlLoop::start() {
  STOWAGE_CHECK(threads_.empty(), "a control loop starts once");
  for (int i = 0; i < options_.workers; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
  threads_.emplace_back([this](const std::stop_token& stop) { keepHouse(stop); });
}

void ControlLoop::stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  for (std::jthread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void ControlLoop::work(const std::stop_token& stop) {
  while (const auto key = queue_.take(stop)) {
    metrics_->active.add(1);
    const base::SteadyTime began = clock_.now();
    const Outcome outcome = look(*key, stop);
    metrics_->took.observe(seconds(clock_.now() - began));
    settle(*key, outcome);
    queue_.done(*key);
    metrics_->active.add(-1);
  }
}

Outcome ControlLoop::look(const std::string& key, const std::stop_token& stop) {
  try {
    return reconcile_(key, stop);
  } catch (const std::exception& error) {
    metrics_->panics.increment();
    return {Outcome::Next::kRetry, {}, std::string("internal error: ") + error.what()};
  } catch (...) {
    metrics_->panics.increment();
    return {Outcome::Next::kRetry, {}, "internal error: unknown exception"};
  }
}

void ControlLoop::settle(const std::string& key, const Outcome& outcome) {
  using Next = Outcome::Next;
  switch (outcome.next) {
    case Next::kDone:
      queue_.forget(key);
      metrics_->results[0]->increment();
      return;
    case Next::kAfter:
      queue_.forget(key);
      queue_.addAfter(key, outcome.after);
      metrics_->results[1]->increment();
      return;
    case Next::kRetry:
      queue_.addAfterFailure(key);
      break;
    case Next::kGivenUp:
      queue_.forget(key);
      metrics_->given_up.increment();
      break;
  }
  metrics_->errors.increment();
  metrics_->results[2]->increment();
  base::log().warn("reconciling failed", {{"controller", options_.name},
                                          {"object", key},
                                          {"failures", queue_.failures(key)},
                                          {"error", outcome.error}});
}

base::SteadyTime ControlLoop::nextResync() {
  if (options_.resync <= base::Duration::zero() || !keys_) return base::SteadyTime::max();
  const double longer =
      static_cast<double>(options_.resync.count()) * kResyncJitter * rng_.uniform();
  return clock_.now() + options_.resync + base::Duration(static_cast<base::Duration::rep>(longer));
}

void ControlLoop::keepHouse(const std::stop_token& stop) {
  base::SteadyTime resync_at = nextResync();
  while (clock_.sleepUntil(std::min(resync_at, clock_.now() + kMetricsPeriod), stop)) {
    queue_.refreshMetrics();
    if (clock_.now() < resync_at) continue;
    for (const std::string& key : keys_()) queue_.add(key, Priority::kLow);
    resync_at = nextResync();
  }
}

}  // namespace stowage::controlloop
