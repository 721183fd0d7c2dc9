#include "scheduling/metrics.h"

#include <algorithm>

namespace stowage::scheduling {
namespace {

constexpr std::array<std::string_view, 3> kResults = {"scheduled", "unschedulable", "error"};
constexpr std::size_t kSliAttempts = 15;

const char* queueName(Place place) {
  switch (place) {
    case Place::kActive:
      return "active";
    case Place::kBackoff:
    case Place::kErrorBackoff:
      return "backoff";
    case Place::kGated:
      return "gated";
    default:
      return "unschedulable";
  }
}

}  // namespace

SchedulingMetrics::SchedulingMetrics(base::MetricSink& sink,
                                     const std::vector<std::unique_ptr<ProfileRunner>>& runners)
    : sink_(sink),
      framework_(sink, runners),
      profiles_(runners.size()),
      algorithm_(sink.histogram("scheduler_scheduling_algorithm_duration_seconds",
                                "Scheduling algorithm latency in seconds", {},
                                base::exponentialBuckets(0.001, 2, 15))),
      pod_attempts_(sink.histogram("scheduler_pod_scheduling_attempts",
                                   "Number of attempts to successfully schedule a pod.", {},
                                   base::exponentialBuckets(1, 2, 5))),
      binding_(sink.gauge("scheduler_goroutines",
                          "Number of tasks under way split by the work they do; binding: binds "
                          "that the API server has not answered yet.",
                          {{"operation", "binding"}})),
      after_flush_(sink.counter("scheduler_pod_scheduled_after_flush_total",
                                "Number of pods scheduled right after the timeout moved them.",
                                {})),
      faults_(sink.counter("stowage_scheduler_pod_faults_total",
                           "Exceptions while handling one pod; it was set aside.", {})),
      quarantines_(sink.counter("stowage_scheduler_pods_quarantined_total",
                                "Pods set aside after repeated faults.", {})),
      preemption_attempts_(sink.counter("scheduler_preemption_attempts_total",
                                        "Total preemption attempts in the cluster till now", {})),
      preemption_victims_(sink.histogram("scheduler_preemption_victims",
                                         "Number of selected preemption victims", {},
                                         base::exponentialBuckets(1, 2, 7))),
      preemption_failures_(sink.counter("stowage_preemption_failures_total",
                                        "Preemptions given up because a call failed.", {})),
      preemption_loops_(sink.counter("stowage_preemption_loops_total",
                                     "Times that pods of another scheduler were left alone "
                                     "because preempting them led nowhere.",
                                     {})),
      volume_failures_(sink.counter("scheduler_volume_scheduling_stage_error_total",
                                    "Pods whose volumes could not be bound after their node had "
                                    "been chosen; operation is always bind.",
                                    {{"operation", "bind"}})) {
  for (const auto& runner : runners) names_.push_back(runner->schedulerName());
  for (std::size_t p = 0; p < runners.size(); ++p) openProfile(p, *runners[p]);
  incoming(Place::kActive, "UnschedulablePodAdd");
  for (std::size_t attempts = 1; attempts <= kSliAttempts + 1; ++attempts) {
    const std::string label = attempts > kSliAttempts ? "15+" : std::to_string(attempts);
    sli_.push_back(&sink.histogram("scheduler_pod_scheduling_sli_duration_seconds",
                                   "Latency from a pod's first attempt until it is bound.",
                                   {{"attempts", label}}, base::exponentialBuckets(0.01, 2, 20)));
  }
  const std::array queues = {"active", "backoff", "unschedulable", "gated"};
  for (std::size_t q = 0; q < queues.size(); ++q) {
    pending_[q] = &sink.gauge("scheduler_pending_pods", "Number of pending pods, by the queue.",
                              {{"queue", queues[q]}});
  }
  const std::array types = {"nodes", "pods", "assumed_pods"};
  for (std::size_t t = 0; t < types.size(); ++t) {
    cache_size_[t] = &sink.gauge("scheduler_cache_size",
                                 "Number of nodes, pods, and assumed pods in the scheduler cache.",
                                 {{"type", types[t]}});
  }
}

void SchedulingMetrics::profileChanged(std::size_t profile, const ProfileRunner& runner) {
  if (profile == profiles_.size()) {
    profiles_.emplace_back();
    names_.push_back(runner.schedulerName());
  }
  profiles_[profile].filter_evaluations.clear();
  profiles_[profile].score_evaluations.clear();
  openProfile(profile, runner);
  framework_.profileChanged(profile, runner);
}

void SchedulingMetrics::openProfile(std::size_t profile, const ProfileRunner& runner) {
  ByProfile& mine = profiles_[profile];
  for (std::size_t r = 0; r < kResults.size(); ++r) {
    const base::MetricLabels labels = {{"result", std::string(kResults[r])},
                                       {"profile", names_[profile]}};
    mine.attempts[r] =
        &sink_.counter("scheduler_schedule_attempts_total",
                       "Number of attempts to schedule pods, by the result.", labels);
    mine.durations[r] =
        &sink_.histogram("scheduler_scheduling_attempt_duration_seconds",
                         "Scheduling attempt latency in seconds (scheduling algorithm + binding)",
                         labels, base::exponentialBuckets(0.001, 2, 15));
  }
  const auto evaluations = [&](const std::string& plugin, const char* point) {
    return &sink_.counter(
        "scheduler_plugin_evaluation_total",
        "Number of attempts to evaluate a plugin, by extension point.",
        {{"plugin", plugin}, {"extension_point", point}, {"profile", names_[profile]}});
  };
  for (const std::string& name : runner.filterNames()) {
    mine.filter_evaluations.push_back(evaluations(name, "Filter"));
    unschedulable(profile, pluginId(name));
  }
  for (const std::string& name : runner.scoreNames()) {
    mine.score_evaluations.push_back(evaluations(name, "Score"));
  }
}

base::Gauge& SchedulingMetrics::unschedulable(std::size_t profile, PluginId plugin) {
  base::Gauge*& gauge = profiles_[profile].unschedulable[plugin];
  if (gauge == nullptr) {
    gauge = &sink_.gauge(
        "scheduler_unschedulable_pods",
        "Number of unschedulable pods by plugin; a pod counts for each plugin "
        "that rejected it.",
        {{"plugin", std::string(knownPlugins()[plugin].name)}, {"profile", names_[profile]}});
  }
  return *gauge;
}

void SchedulingMetrics::attemptEnded(std::size_t profile, AttemptResult result, double seconds) {
  const auto index = static_cast<std::size_t>(result);
  profiles_[profile].attempts[index]->increment();
  profiles_[profile].durations[index]->observe(seconds);
}

void SchedulingMetrics::algorithmEnded(double seconds) { algorithm_.observe(seconds); }

void SchedulingMetrics::podBound(std::uint32_t attempts, double seconds) {
  pod_attempts_.observe(attempts);
  sli_[std::min<std::size_t>(std::max<std::uint32_t>(attempts, 1), kSliAttempts + 1) - 1]->observe(
      seconds);
}

base::Counter& SchedulingMetrics::incoming(Place place, std::string_view event) {
  base::Counter*& counter = incoming_[{static_cast<int>(place), event}];
  if (counter == nullptr) {
    counter = &sink_.counter("scheduler_queue_incoming_pods_total",
                             "Number of pods added to scheduling queues by event and queue type.",
                             {{"queue", queueName(place)}, {"event", std::string(event)}});
  }
  return *counter;
}

void SchedulingMetrics::enteredQueue(Place place, std::string_view event) {
  incoming(place, event).increment();
}

void SchedulingMetrics::rejectedBy(std::size_t profile, PluginSet plugins, double delta) {
  for (PluginId id = 0; id < knownPlugins().size(); ++id) {
    if ((plugins & bitOf(id)) != 0) unschedulable(profile, id).add(delta);
  }
}

void SchedulingMetrics::evaluations(std::size_t profile, ProfileRunner& runner) {
  const auto flush = [](std::vector<std::uint64_t>& counts,
                        const std::vector<base::Counter*>& counters) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0) counters[i]->add(static_cast<double>(counts[i]));
      counts[i] = 0;
    }
  };
  flush(runner.evaluations().filters, profiles_[profile].filter_evaluations);
  flush(runner.evaluations().scores, profiles_[profile].score_evaluations);
}

void SchedulingMetrics::flushHelped() { after_flush_.increment(); }
void SchedulingMetrics::faulted() { faults_.increment(); }
void SchedulingMetrics::quarantined() { quarantines_.increment(); }
void SchedulingMetrics::volumesFailed() { volume_failures_.increment(); }

void SchedulingMetrics::sizes(const QueueCounts& queue, std::size_t nodes, std::size_t pods,
                              std::size_t assumed, std::size_t binding) {
  const std::array<std::size_t, 8> now = {
      queue.active, queue.backoff, queue.unschedulable, queue.gated, nodes, pods, assumed, binding};
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (sized_ && now[i] == last_[i]) continue;
    base::Gauge& gauge = i < 4 ? *pending_[i] : i < 7 ? *cache_size_[i - 4] : binding_;
    gauge.set(static_cast<double>(now[i]));
  }
  last_ = now;
  sized_ = true;
}

}  // namespace stowage::scheduling
