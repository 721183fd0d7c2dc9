// Scheduler: cache + queue + decision cycle behind one single-threaded surface. Everything that
// happens in the cluster comes in as a call; everything that it decides goes out through ports.
// No thread, no I/O, no clock of its own: the loop (loop.h) drives it with real time, simulation
// and tests with virtual time. All calls from one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/trace_sink.h"
#include "kubeapi/node.h"
#include "kubeapi/pod.h"
#include "kubeapi/policy.h"
#include "scheduling/cycle/inspection.h"
#include "scheduling/cycle/state_dump.h"
#include "scheduling/extenders/extender_port.h"
#include "scheduling/peers/workload_selectors.h"
#include "scheduling/ports.h"
#include "scheduling/profile.h"
#include "scheduling/volumes/storage_change.h"

namespace stowage::scheduling {

struct SchedulerOptions {
  std::vector<Profile> profiles;  // at least one, unique names
  std::vector<ExtenderSpec> extenders;
  base::Duration pod_initial_backoff = std::chrono::seconds(1);
  base::Duration pod_max_backoff = std::chrono::seconds(10);
  base::Duration unschedulable_flush = std::chrono::minutes(5);  // longest stay without an event
  // Recompute and compare at every decision (debug, tests); a difference ends the process.
  bool verify_caches = false;
  std::size_t max_shapes = 4096;
  std::uint64_t seed = 1;  // where a search for victims begins among the nodes
};

struct SchedulerPorts {
  Binder* binder = nullptr;
  PodStatusWriter* status_writer = nullptr;
  EventSink* events = nullptr;
  // May be null: then a pod whose bind got no answer stays assumed until the watch tells.
  PodReader* reader = nullptr;
  Evictor* evictor = nullptr;  // may be null: then nobody is preempted
  // May be null: then pods whose volumes have to be bound first fail.
  VolumeWriter* volumes = nullptr;
  ExtenderCaller* extenders = nullptr;  // may be null when there are no extenders
  base::TraceSink* traces = nullptr;    // may be null: then attempts are not traced
};

struct QueueSizes {
  std::size_t active = 0, backoff = 0, unschedulable = 0, gated = 0;
};

class Scheduler {
 public:
  Scheduler(SchedulerOptions options, SchedulerPorts ports, base::Clock& clock,
            base::MetricSink& metrics);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Cluster events, in watch order per object. `old` may be null when it is not known.
  void podAdded(const kubeapi::PodPtr& pod);
  void podUpdated(const kubeapi::PodPtr& old, const kubeapi::PodPtr& pod);
  void podDeleted(const kubeapi::PodPtr& last_known);
  void nodeAdded(const kubeapi::NodePtr& node);
  void nodeUpdated(const kubeapi::NodePtr& old, const kubeapi::NodePtr& node);
  void nodeDeleted(const kubeapi::NodePtr& last_known);
  void namespaceSet(const kubeapi::NamespacePtr& ns);
  void namespaceDeleted(const kubeapi::NamespacePtr& ns);
  void storageChanged(const StorageChange& change);
  // Services and controllers, for profiles with default constraints of spreading.
  void workloadChanged(const WorkloadChange& change);
  void storageOutage(const StorageOutage& outage);

  void budgetSet(const kubeapi::PodDisruptionBudgetPtr& budget);
  void budgetDeleted(const kubeapi::PodDisruptionBudgetPtr& last_known);
  // All budgets of the first list are there: from now on pods may be preempted. False: they cannot
  // be read any more.
  void budgetsKnown(bool known = true);

  // The answers of the Evictor.
  void nominationFinished(const PodRef& pod, WriteOutcome outcome, const std::string& message);
  void evictionFinished(const Eviction& eviction, WriteOutcome outcome, const std::string& message);

  // The answer to Binder::bind.
  void bindFinished(const BindRequest& request, BindOutcome outcome, const std::string& message);

  // The answer to VolumeWriter::write.
  void volumeWritten(const VolumeWriteAnswer& answer);

  // The answer to ExtenderCaller::ask.
  void extendersAnswered(const ExtenderAnswer& answer);

  // The answer to PodReader::refetch. nullopt: the read failed and is tried again; a null pod:
  // there is no pod of that name now.
  void podRefetched(const PodRef& ref, const std::optional<kubeapi::PodPtr>& pod);

  // From the next decision on `options` hold, its seed and verify_caches aside, which stay. Pods
  // that wait keep their place and history and are tried anew; those whose profile is gone are left
  // alone; those of a new profile come in. What is under way (binds, volumes, evictions) goes on.
  void reconfigure(SchedulerOptions options);

  // Tries the next pod that is due. False when none is.
  bool scheduleOne();
  // Moves pods whose time has come. Cheap; call when nextTimer() has passed.
  void runTimers();
  // Shows how well the cluster is filled; zeros while another instance leads. Linear in the nodes.
  void reportPacking(bool leading);
  // Compares the sums of some nodes with their pods; all of them in turn.
  void checkSome();
  [[nodiscard]] base::SteadyTime nextTimer()
      const;  // SteadyTime::max() when nothing waits for time

  // What would become of the pod now, in the profile that its scheduler name picks (else the
  // first). Decides nothing.
  PodInspection inspect(const kubeapi::PodPtr& pod);
  // What is held now.
  [[nodiscard]] StateDump dump(const DumpRequest& request);

  [[nodiscard]] QueueSizes queueSizes() const;
  [[nodiscard]] std::size_t assumedPods() const;  // decided, not yet confirmed by the watch
  // Binds without an answer: an orderly stop waits for these.
  [[nodiscard]] std::size_t outstandingBinds() const;
  [[nodiscard]] std::size_t nodeCount() const;
  [[nodiscard]] std::size_t podCount() const;  // pods that occupy nodes, assumed ones included

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stowage::scheduling
