// SchedulingMetrics: the scheduler_* families of kube-scheduler that make sense so far, with the
// same names, labels and buckets, so that its dashboards work. Every family is there from the
// start. Used by the scheduling thread; what it counts into is thread safe. Source: kube-scheduler
// metrics/metrics.go, v1.36.3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metric_sink.h"
#include "scheduling/cycle/profile_runner.h"
#include "scheduling/framework_metrics.h"
#include "scheduling/queue/scheduling_queue.h"

namespace stowage::scheduling {

enum class AttemptResult : std::uint8_t { kScheduled, kUnschedulable, kError };

class SchedulingMetrics {
 public:
  // The order of `runners` gives the profile numbers used below.
  SchedulingMetrics(base::MetricSink& sink,
                    const std::vector<std::unique_ptr<ProfileRunner>>& runners);

  // The profile of that number has other plugins now, or is new.
  void profileChanged(std::size_t profile, const ProfileRunner& runner);

  void attemptEnded(std::size_t profile, AttemptResult result, double seconds);
  void algorithmEnded(double seconds);
  // A pod was bound: attempts it took and seconds since its first one.
  void podBound(std::uint32_t attempts, double seconds);
  // `event` is a literal: it is kept.
  void enteredQueue(Place place, std::string_view event);
  void rejectedBy(std::size_t profile, PluginSet plugins, double delta);
  void evaluations(std::size_t profile, ProfileRunner& runner);
  [[nodiscard]] FrameworkMetrics& framework() { return framework_; }
  void flushHelped();
  // A search for victims; a preemption of so many pods; one that failed; a loop that was broken.
  void preemptionTried() { preemption_attempts_.increment(); }
  void preempted(std::size_t victims) { preemption_victims_.observe(static_cast<double>(victims)); }
  void preemptionFailed() { preemption_failures_.increment(); }
  void preemptionLoopFound() { preemption_loops_.increment(); }
  void faulted();
  void quarantined();
  // Volumes of a decided pod could not be bound.
  void volumesFailed();
  // `binding`: pods whose volumes or bind are under way.
  void sizes(const QueueCounts& queue, std::size_t nodes, std::size_t pods, std::size_t assumed,
             std::size_t binding);

 private:
  struct ByProfile {
    std::array<base::Counter*, 3> attempts{};
    std::array<base::Histogram*, 3> durations{};
    std::map<PluginId, base::Gauge*> unschedulable;
    std::vector<base::Counter*> filter_evaluations;  // as ProfileRunner::filterNames()
    std::vector<base::Counter*> score_evaluations;
  };
  void openProfile(std::size_t profile, const ProfileRunner& runner);
  base::Counter& incoming(Place place, std::string_view event);
  base::Gauge& unschedulable(std::size_t profile, PluginId plugin);

  base::MetricSink& sink_;
  FrameworkMetrics framework_;
  std::vector<std::string> names_;
  std::vector<ByProfile> profiles_;
  base::Histogram& algorithm_;
  base::Histogram& pod_attempts_;
  std::vector<base::Histogram*> sli_;  // by attempts: 1..15, then 15+
  std::array<base::Gauge*, 4> pending_{};
  std::array<base::Gauge*, 3> cache_size_{};
  base::Gauge& binding_;
  base::Counter& after_flush_;
  base::Counter& faults_;
  base::Counter& quarantines_;
  base::Counter& preemption_attempts_;
  base::Histogram& preemption_victims_;
  base::Counter& preemption_failures_;
  base::Counter& preemption_loops_;
  base::Counter& volume_failures_;
  std::map<std::pair<int, std::string_view>, base::Counter*> incoming_;  // events are literals
  std::array<std::size_t, 8> last_{};
  bool sized_ = false;
};

}  // namespace stowage::scheduling
