// Context: what the parts of the scheduler share, and the one way to tell waiting pods of an event.
// Owned by Scheduler; single-threaded.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "scheduling/cache/cluster_cache.h"
#include "scheduling/cycle/attempt_trace.h"
#include "scheduling/cycle/profile_runner.h"
#include "scheduling/cycle/rejectors.h"
#include "scheduling/metrics.h"
#include "scheduling/ports.h"
#include "scheduling/queue/nominator.h"
#include "scheduling/queue/scheduling_queue.h"
#include "scheduling/scheduler.h"

namespace stowage::scheduling {

using Symbols = std::unordered_set<Symbol>;

struct Context {
  const SchedulerOptions& options;
  const SchedulerPorts& ports;
  base::Clock& clock;
  ClusterCache& cache;
  SchedulingQueue& queue;
  std::vector<std::unique_ptr<ProfileRunner>>& profiles;
  SchedulingMetrics& metrics;
  Nominator& nominator;
  std::uint64_t events = 0;     // that wakePods() was told of
  DecisionTimes decision = {};  // of the pod at hand, for its trace
};

// Moves the waiting pods that the event may help. Each shape is asked once per event.
void wakePods(Context& context, const ClusterEvent& event);
// A pod left a node: what it held is free. `node` may be null, `pod` is as it was.
void wakeAfterPodLeft(Context& context, const NodeInfo* node, const kubeapi::Pod& pod,
                      const std::vector<kubeapi::HostPort>& ports, std::string_view label);
// A pod on a node asks for less there than before.
void wakeAfterPodShrank(Context& context, const NodeInfo& node, std::string_view label);
// Takes a pod out of the queue for good, with its shape and its share of the gauges.
void dropFromQueue(Context& context, QueuedPod& entry);
// Takes the pod's share out of the gauge unschedulable_pods.
void uncountRejectors(Context& context, QueuedPod& entry);

PodRef refOf(const kubeapi::Pod& pod);

}  // namespace stowage::scheduling
