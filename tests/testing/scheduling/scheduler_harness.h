// SchedulerHarness: a whole Scheduler on fakes and a clock that moves by hand. It checks its caches
// at every decision. Not thread safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "kubeapi/node.h"
#include "kubeapi/pod.h"
#include "scheduling/scheduler.h"
#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"
#include "testing/scheduling/fake_ports.h"
#include "testing/scheduling/recording_metric_sink.h"
#include "testing/scheduling/storage_events.h"

namespace stowage::testing {

struct HarnessOptions {
  HarnessOptions() : profile(scheduling::defaultProfile("stowage-scheduler")) {}
  scheduling::Profile profile;
  bool with_reader = true;
  std::vector<scheduling::ExtenderSpec> extenders;
  bool preemption = false;  // an evictor, and budgets that are known
  base::Duration initial_backoff = std::chrono::seconds(1);
  base::Duration max_backoff = std::chrono::seconds(10);
};

class SchedulerHarness {
 public:
  explicit SchedulerHarness(const HarnessOptions& options = HarnessOptions());

  // Tries pods until none is due; returns the number of attempts.
  int settle();
  // Moves time and lets due timers act.
  void advance(base::Duration step);

  // The n-th bind request and its answers; the pod as the watch will show it.
  void answerBind(std::size_t index, scheduling::BindOutcome outcome,
                  const std::string& message = "");
  // Answers every bind so far with success, and lets the watch show the pods bound.
  void confirmAll();
  // The pod that was seen last under that name; null when there is none.
  [[nodiscard]] kubeapi::PodPtr seen(std::string_view pod_name) const;
  // Node of the last bind request for that pod; "" when there is none.
  [[nodiscard]] std::string boundTo(std::string_view pod_name) const;
  // Notes of the events with this reason.
  [[nodiscard]] std::vector<std::string> notes(std::string_view reason) const;
  // Message of the last status patch; "" when there is none.
  [[nodiscard]] std::string lastCondition() const;

  base::ManualClock clock;
  RecordingMetricSink metrics;
  FakeBinder binder;
  RecordingStatusWriter status;
  RecordingEventSink events;
  FakePodReader reader;
  FakeEvictor evictor;
  FakeVolumeWriter volumes;
  FakeExtenders extenders;
  RecordingTraceSink traces;
  std::unique_ptr<scheduling::Scheduler> scheduler;

  // Shorthand: the pod or node comes.
  void add(const kubeapi::PodPtr& pod);
  void add(const kubeapi::NodePtr& node) { scheduler->nodeAdded(node); }
  // Shorthand: a storage object, or its builder, comes or changes; it goes.
  template <typename Given>
  void see(const Given& given) {
    scheduler->storageChanged(::stowage::testing::seen(given));
  }
  template <typename Given>
  void lose(const Given& given) {
    scheduler->storageChanged(::stowage::testing::gone(given));
  }
  void update(const kubeapi::PodPtr& pod);
  void remove(const kubeapi::PodPtr& pod) { scheduler->podDeleted(pod); }

 private:
  std::vector<kubeapi::PodPtr> pods_;  // last seen, by uid
  std::size_t answered_ = 0;
};

// The pod as the watch shows it once it is bound.
kubeapi::PodPtr boundCopy(const kubeapi::PodPtr& pod, base::Symbol node);

}  // namespace stowage::testing
