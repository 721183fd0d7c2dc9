#include "scheduling/scheduler.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "scheduling/cache/self_check.h"
#include "scheduling/cycle/binding.h"
#include "scheduling/cycle/context.h"
#include "scheduling/cycle/cycle.h"
#include "scheduling/cycle/intake.h"
#include "scheduling/cycle/reconfiguration.h"
#include "scheduling/cycle/reporter.h"
#include "scheduling/cycle/storage_intake.h"
#include "scheduling/packing_metrics.h"
#include "scheduling/preemption/evictions.h"
#include "scheduling/preemption/preemption.h"

namespace stowage::scheduling {
namespace {

std::vector<std::unique_ptr<ProfileRunner>> makeRunners(const SchedulerOptions& options,
                                                        ClusterCache& cache,
                                                        const base::Clock& clock) {
  STOWAGE_CHECK(!options.profiles.empty(), "a scheduler without profiles");
  std::vector<std::unique_ptr<ProfileRunner>> runners;
  for (const Profile& profile : options.profiles) {
    runners.push_back(std::make_unique<ProfileRunner>(profile, cache, options.max_shapes,
                                                      options.verify_caches, &clock));
  }
  return runners;
}

QueueOptions queueOptions(const SchedulerOptions& options) {
  return {options.pod_initial_backoff, options.pod_max_backoff, options.unschedulable_flush};
}

}  // namespace

class Scheduler::Impl {
 public:
  Impl(SchedulerOptions given, SchedulerPorts ports, base::Clock& clock, base::MetricSink& sink)
      : options(std::move(given)),
        ports(ports),
        profiles(makeRunners(options, cache, clock)),
        metrics(sink, profiles),
        packing(sink),
        self_check(sink),
        queue(queueOptions(options), clock,
              [this](Place place, std::string_view event) { metrics.enteredQueue(place, event); }),
        context{options, this->ports, clock, cache, queue, profiles, metrics, nominator},
        reporter(this->ports, clock),
        binding(context, reporter),
        evictions(context, reporter, binding),
        preemption(context, reporter, evictions, options.seed),
        intake(context, binding, evictions, preemption),
        storage_intake(context),
        consultations(context),
        cycle(context, reporter, binding, evictions, preemption, consultations) {
    STOWAGE_CHECK(ports.binder != nullptr, "a scheduler without a binder");
    publish();
  }

  // Applies one event. What goes wrong with one object stays with it.
  template <typename Apply>
  void apply(const char* what, std::string_view object, const Apply& apply_it) {
    try {
      apply_it();
    } catch (const std::exception& error) {
      metrics.faulted();
      base::log().error("exception while applying an event",
                        {{"event", what}, {"object", object}, {"error", error.what()}});
    }
    publish();
  }

  void publish() {
    metrics.sizes(queue.counts(), cache.nodeCount(), cache.podCount(), cache.assumedCount(),
                  binding.outstanding());
  }

  SchedulerOptions options;
  const SchedulerPorts ports;
  ClusterCache cache;
  std::vector<std::unique_ptr<ProfileRunner>> profiles;
  SchedulingMetrics metrics;
  PackingMetrics packing;
  SelfCheck self_check;
  SchedulingQueue queue;
  Nominator nominator;
  Context context;
  Reporter reporter;
  Binding binding;
  Evictions evictions;
  Preemption preemption;
  Intake intake;
  StorageIntake storage_intake;
  Consultations consultations;
  Cycle cycle;
};

Scheduler::Scheduler(SchedulerOptions options, SchedulerPorts ports, base::Clock& clock,
                     base::MetricSink& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), ports, clock, metrics)) {}

Scheduler::~Scheduler() = default;

void Scheduler::podAdded(const kubeapi::PodPtr& pod) {
  impl_->apply("pod", pod ? pod->meta.name.view() : "", [&] { impl_->intake.podSeen(pod); });
}

void Scheduler::podUpdated(const kubeapi::PodPtr& old, const kubeapi::PodPtr& pod) {
  // Another uid under the same name: the old pod's deletion was merged into this event.
  if (old != nullptr && pod != nullptr && !(old->meta.uid == pod->meta.uid)) podDeleted(old);
  podAdded(pod);
}

void Scheduler::podDeleted(const kubeapi::PodPtr& last_known) {
  impl_->apply("pod deletion", last_known ? last_known->meta.name.view() : "",
               [&] { impl_->intake.podGone(last_known); });
}

void Scheduler::nodeAdded(const kubeapi::NodePtr& node) {
  impl_->apply("node", node ? node->meta.name.view() : "", [&] { impl_->intake.nodeSeen(node); });
}

void Scheduler::nodeUpdated(const kubeapi::NodePtr& /*old*/, const kubeapi::NodePtr& node) {
  nodeAdded(node);
}

void Scheduler::nodeDeleted(const kubeapi::NodePtr& last_known) {
  if (last_known == nullptr) return;
  impl_->apply("node deletion", last_known->meta.name.view(),
               [&] { impl_->intake.nodeGone(last_known); });
}

void Scheduler::namespaceSet(const kubeapi::NamespacePtr& ns) {
  impl_->apply("namespace", ns ? ns->meta.name.view() : "",
               [&] { impl_->intake.namespaceSeen(ns); });
}

void Scheduler::namespaceDeleted(const kubeapi::NamespacePtr& ns) {
  if (ns == nullptr) return;
  impl_->apply("namespace deletion", ns->meta.name.view(),
               [&] { impl_->intake.namespaceGone(ns->meta.name); });
}

void Scheduler::budgetSet(const kubeapi::PodDisruptionBudgetPtr& budget) {
  if (budget == nullptr) return;
  impl_->apply("disruption budget", budget->meta.name.view(),
               [&] { impl_->preemption.budgets().set(budget); });
}

void Scheduler::budgetDeleted(const kubeapi::PodDisruptionBudgetPtr& last_known) {
  if (last_known == nullptr) return;
  impl_->apply("disruption budget deletion", last_known->meta.name.view(), [&] {
    impl_->preemption.budgets().remove(last_known->meta.ns, last_known->meta.name);
  });
}

void Scheduler::budgetsKnown(bool known) {
  impl_->apply("disruption budgets", "", [&] { impl_->intake.budgetsKnown(known); });
}

void Scheduler::nominationFinished(const PodRef& pod, WriteOutcome outcome,
                                   const std::string& message) {
  impl_->apply("nomination answer", pod.name.view(),
               [&] { impl_->evictions.nominationFinished(pod, outcome, message); });
}

void Scheduler::evictionFinished(const Eviction& eviction, WriteOutcome outcome,
                                 const std::string& message) {
  impl_->apply("eviction answer", eviction.victim.name.view(),
               [&] { impl_->evictions.evictionFinished(eviction, outcome, message); });
}

void Scheduler::workloadChanged(const WorkloadChange& change) {
  impl_->apply("workload", "", [&] { impl_->intake.workloadSeen(change); });
}

void Scheduler::storageChanged(const StorageChange& change) {
  impl_->apply("storage object", resourceNameOf(static_cast<StorageKind>(change.index())),
               [&] { impl_->binding.volumes().changed(impl_->storage_intake.changed(change)); });
}

void Scheduler::volumeWritten(const VolumeWriteAnswer& answer) {
  impl_->apply("answer to a volume write", answer.write.name.view(),
               [&] { impl_->binding.volumes().written(answer); });
}

void Scheduler::extendersAnswered(const ExtenderAnswer& answer) {
  impl_->apply("answer of extenders", answer.pod.name.view(),
               [&] { impl_->consultations.answered(answer); });
}

void Scheduler::storageOutage(const StorageOutage& outage) {
  impl_->apply("storage outage", resourceNameOf(outage.kind),
               [&] { impl_->storage_intake.outage(outage); });
}

void Scheduler::bindFinished(const BindRequest& request, BindOutcome outcome,
                             const std::string& message) {
  impl_->apply("bind answer", request.pod.name.view(),
               [&] { impl_->binding.finished(request, outcome, message); });
}

void Scheduler::podRefetched(const PodRef& ref, const std::optional<kubeapi::PodPtr>& pod) {
  impl_->apply("pod read", ref.name.view(), [&] { impl_->binding.refetched(ref, pod); });
}

void Scheduler::reconfigure(SchedulerOptions options) {
  impl_->apply("configuration", "", [&] {
    options.verify_caches = impl_->options.verify_caches;
    options.seed = impl_->options.seed;
    impl_->options = std::move(options);
    Reconfiguration(impl_->context, impl_->intake).run();
    impl_->binding.extendersChanged();
    impl_->consultations.startOver();
  });
}

bool Scheduler::scheduleOne() {
  if (impl_->options.verify_caches) {
    STOWAGE_CHECK(impl_->cache.consistent(), "the cache differs from its pods");
  }
  const bool tried = impl_->cycle.runOne();
  impl_->publish();
  return tried;
}

void Scheduler::runTimers() {
  impl_->queue.runTimers();
  impl_->binding.runTimers();
  impl_->publish();
}

void Scheduler::reportPacking(bool leading) {
  impl_->packing.show(leading ? packingOf(impl_->cache) : PackingReport());
}

void Scheduler::checkSome() { impl_->self_check.step(impl_->cache); }

base::SteadyTime Scheduler::nextTimer() const {
  return std::min(impl_->queue.nextTimer(), impl_->binding.nextTimer());
}

PodInspection Scheduler::inspect(const kubeapi::PodPtr& pod) {
  const auto& profiles = impl_->profiles;
  const auto found = std::find_if(profiles.begin(), profiles.end(), [&](const auto& runner) {
    return !runner->retired() && runner->schedulerName() == pod->spec.scheduler_name.view();
  });
  const auto first = std::find_if(profiles.begin(), profiles.end(),
                                  [](const auto& runner) { return !runner->retired(); });
  const auto profile =
      static_cast<std::uint32_t>((found == profiles.end() ? first : found) - profiles.begin());
  return inspectPod(impl_->context, impl_->preemption, profile, *pod);
}

StateDump Scheduler::dump(const DumpRequest& request) { return dumpState(impl_->context, request); }

QueueSizes Scheduler::queueSizes() const {
  const QueueCounts counts = impl_->queue.counts();
  return {counts.active, counts.backoff, counts.unschedulable, counts.gated};
}

std::size_t Scheduler::assumedPods() const { return impl_->cache.assumedCount(); }
std::size_t Scheduler::outstandingBinds() const { return impl_->binding.outstanding(); }
std::size_t Scheduler::nodeCount() const { return impl_->cache.nodeCount(); }
std::size_t Scheduler::podCount() const { return impl_->cache.podCount(); }

}  // namespace stowage::scheduling
