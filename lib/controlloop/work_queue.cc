#include "controlloop/work_queue.h"

#include <algorithm>

#include "base/check.h"

namespace stowage::controlloop {
namespace {

using base::SteadyTime;

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

// Names, helps and buckets: client-go util/workqueue/metrics.go and controller-runtime
// pkg/metrics/workqueue.go.
struct WorkQueue::Metrics {
  Metrics(base::MetricSink& sink, const std::string& name)
      : labels{{"name", name}, {"controller", name}},
        depth(sink.gauge("workqueue_depth", "Current depth of workqueue.", labels)),
        adds(sink.counter("workqueue_adds_total", "Total number of adds handled by workqueue.",
                          labels)),
        retries(sink.counter("workqueue_retries_total",
                             "Total number of retries handled by workqueue.", labels)),
        unfinished(sink.gauge("workqueue_unfinished_work_seconds",
                              "Seconds of work in progress that work duration does not show yet.",
                              labels)),
        longest(sink.gauge("workqueue_longest_running_processor_seconds",
                           "Seconds that the longest running worker has been at its key.", labels)),
        waited(sink.histogram("workqueue_queue_duration_seconds",
                              "Seconds that a key stays in the workqueue before it is taken.",
                              labels, base::exponentialBuckets(1e-8, 10, 12))),
        worked(sink.histogram("workqueue_work_duration_seconds",
                              "Seconds that working on a key takes.", labels,
                              base::exponentialBuckets(1e-8, 10, 12))) {}

  const base::MetricLabels labels;
  base::Gauge& depth;
  base::Counter& adds;
  base::Counter& retries;
  base::Gauge& unfinished;
  base::Gauge& longest;
  base::Histogram& waited;
  base::Histogram& worked;
};

WorkQueue::WorkQueue(const std::string& name, BackoffOptions backoff, base::Clock& clock,
                     std::uint64_t seed, base::MetricSink& metrics)
    : backoff_(backoff),
      clock_(clock),
      metrics_(std::make_unique<Metrics>(metrics, name)),
      alarm_(clock),
      rng_(seed) {}

WorkQueue::~WorkQueue() = default;

void WorkQueue::add(const std::string& key, Priority priority) {
  {
    std::lock_guard lock(mutex_);
    addLocked(key, priority);
  }
  alarm_.ring();
}

void WorkQueue::addLocked(const std::string& key, Priority priority) {
  Entry& entry = entries_[key];
  if (entry.waits) {
    // Something happened to a key that only waited for its turn.
    if (priority == Priority::kNormal && entry.priority == Priority::kLow) {
      entry.priority = Priority::kNormal;
      if (entry.working) return;
      low_.erase(std::find(low_.begin(), low_.end(), key));
      normal_.push_back(key);
    }
    return;
  }
  entry.waits = true;
  entry.priority = priority;
  entry.added = clock_.now();
  metrics_->adds.increment();
  if (entry.working) return;  // done() puts it into its queue
  queueOf(priority).push_back(key);
  metrics_->depth.set(static_cast<double>(normal_.size() + low_.size()));
}

void WorkQueue::addAfter(const std::string& key, base::Duration wait) {
  if (wait <= base::Duration::zero()) {
    add(key);
    return;
  }
  {
    std::lock_guard lock(mutex_);
    const SteadyTime at = clock_.now() + wait;
    const auto [known, is_new] = later_at_.try_emplace(key, at);
    if (!is_new) {
      if (known->second <= at) return;
      const auto [begin, end] = later_.equal_range(known->second);
      later_.erase(std::find_if(begin, end, [&](const auto& one) { return one.second == key; }));
      known->second = at;
    }
    later_.emplace(at, key);
  }
  alarm_.ring();  // a taker may be asleep until later than that
}

void WorkQueue::addAfterFailure(const std::string& key) {
  base::Duration pause{};
  {
    std::lock_guard lock(mutex_);
    pause = nextPauseLocked(key);
  }
  metrics_->retries.increment();
  addAfter(key, pause);
}

base::Duration WorkQueue::nextPauseLocked(const std::string& key) {
  std::uint32_t& failures = failures_[key];
  base::Duration pause = backoff_.first;
  for (std::uint32_t i = 0; i < failures && pause < backoff_.longest; ++i) pause *= 2;
  if (failures < UINT32_MAX) ++failures;
  pause = std::min(pause, backoff_.longest);
  const double longer = static_cast<double>(pause.count()) * backoff_.jitter * rng_.uniform();
  return pause + base::Duration(static_cast<base::Duration::rep>(longer));
}

void WorkQueue::forget(const std::string& key) {
  std::lock_guard lock(mutex_);
  failures_.erase(key);
}

std::uint32_t WorkQueue::failures(const std::string& key) const {
  std::lock_guard lock(mutex_);
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

void WorkQueue::endWaitsLocked() {
  const SteadyTime now = clock_.now();
  while (!later_.empty() && later_.begin()->first <= now) {
    const std::string key = later_.begin()->second;
    later_.erase(later_.begin());
    later_at_.erase(key);
    addLocked(key, Priority::kNormal);
  }
}

std::optional<std::string> WorkQueue::popLocked() {
  std::deque<std::string>& queue = normal_.empty() ? low_ : normal_;
  if (queue.empty()) return std::nullopt;
  std::string key = std::move(queue.front());
  queue.pop_front();
  Entry& entry = entries_.at(key);
  entry.waits = false;
  entry.working = true;
  entry.taken = clock_.now();
  ++working_;
  metrics_->depth.set(static_cast<double>(normal_.size() + low_.size()));
  metrics_->waited.observe(seconds(entry.taken - entry.added));
  return key;
}

std::optional<std::string> WorkQueue::take(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::uint64_t rings = alarm_.rings();
    SteadyTime next = SteadyTime::max();
    {
      std::lock_guard lock(mutex_);
      endWaitsLocked();
      if (auto key = popLocked()) return key;
      if (!later_.empty()) next = later_.begin()->first;
    }
    alarm_.sleepUntil(next, rings, stop);
  }
  return std::nullopt;
}

void WorkQueue::done(const std::string& key) {
  bool waits = false;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    STOWAGE_CHECK(found != entries_.end() && found->second.working,
                  "a key is given back that nobody took");
    Entry& entry = found->second;
    entry.working = false;
    --working_;
    metrics_->worked.observe(seconds(clock_.now() - entry.taken));
    waits = entry.waits;
    if (waits) {
      queueOf(entry.priority).push_back(key);
      metrics_->depth.set(static_cast<double>(normal_.size() + low_.size()));
    } else {
      entries_.erase(found);
    }
  }
  if (waits) alarm_.ring();
}

std::size_t WorkQueue::depth() const {
  std::lock_guard lock(mutex_);
  return normal_.size() + low_.size();
}

std::size_t WorkQueue::working() const {
  std::lock_guard lock(mutex_);
  return working_;
}

void WorkQueue::refreshMetrics() {
  std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.now();
  double unfinished = 0;
  double longest = 0;
  for (const auto& [key, entry] : entries_) {
    if (!entry.working) continue;
    const double taken = seconds(now - entry.taken);
    unfinished += taken;
    longest = std::max(longest, taken);
  }
  metrics_->unfinished.set(unfinished);
  metrics_->longest.set(longest);
}

}  // namespace stowage::controlloop
