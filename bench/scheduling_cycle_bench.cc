// Decisions per second through the whole Scheduler (cache, queue, filters, scores, assume, bind
// answer, confirmation by the watch) with ports that do nothing. Pods of 20 shapes come; old ones
// leave, so that the cluster stays about half full. Plain pods, and the same with rules between
// pods.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "kubeapi/node.h"
#include "kubeapi/pod.h"
#include "scheduling/scheduler.h"

namespace stowage {
namespace {

using base::Symbol;
using kubeapi::Quantity;

class LastBinder final : public scheduling::Binder {
 public:
  bool bind(const scheduling::BindRequest& request) override {
    last = request;
    ++count;
    return true;
  }
  scheduling::BindRequest last;
  std::uint64_t count = 0;
};

kubeapi::NodePtr makeNode(int number) {
  auto node = std::make_shared<kubeapi::Node>();
  node->meta.name = "node-" + std::to_string(number);
  node->meta.labels.set("kubernetes.io/hostname", node->meta.name);
  node->meta.labels.set("topology.kubernetes.io/zone", "z" + std::to_string(number % 3));
  node->allocatable = {{"cpu", Quantity::fromInteger(32)},
                       {"memory", Quantity::fromInteger(std::int64_t{128} << 30)},
                       {"pods", Quantity::fromInteger(110)}};
  return node;
}

std::shared_ptr<kubeapi::Pod> makePod(std::uint64_t number) {
  const auto shape = static_cast<std::int64_t>(number % 20);
  auto pod = std::make_shared<kubeapi::Pod>();
  pod->meta.ns = "default";
  pod->meta.name = "pod-" + std::to_string(number);
  pod->meta.uid = "uid-" + std::to_string(number);
  pod->meta.generation = 1;
  pod->spec.scheduler_name = "stowage-scheduler";
  if (shape % 5 == 0) {
    pod->spec.node_selector.set("topology.kubernetes.io/zone", "z" + std::to_string(shape % 3));
  }
  kubeapi::Container container;
  container.name = "main";
  container.requests = {{"cpu", Quantity::fromMilli(100 + 50 * shape)},
                        {"memory", Quantity::fromInteger((std::int64_t{1} + shape % 7) << 28)}};
  pod->spec.containers.push_back(std::move(container));
  return pod;
}

// The same, of 50 applications; a quarter spreads over zones, a quarter keeps one pod per host.
std::shared_ptr<kubeapi::Pod> makeMixedPod(std::uint64_t number) {
  auto pod = makePod(number);
  const std::string app = "app-" + std::to_string(number / 4 % 50);
  pod->meta.labels.set("app", app);
  const kubeapi::LabelSelector selector{{{"app", kubeapi::SelectorOperator::kIn, {Symbol(app)}}}};
  if (number % 4 == 0) {
    kubeapi::TopologySpreadConstraint constraint;
    constraint.topology_key = "topology.kubernetes.io/zone";
    constraint.label_selector = selector;
    // A pod that is bound to one zone would count against the others.
    pod->spec.node_selector = {};
    pod->spec.spread.push_back(std::move(constraint));
  } else if (number % 4 == 1) {
    kubeapi::PodAffinityTerm term;
    term.topology_key = "kubernetes.io/hostname";
    term.label_selector = selector;
    pod->spec.affinity.pod_anti_affinity.required.push_back(std::move(term));
  }
  return pod;
}

using MakePod = std::shared_ptr<kubeapi::Pod> (*)(std::uint64_t);

// One iteration: a pod comes, is decided, its bind is answered, the watch shows it, an old one
// goes.
void scheduleAPod(benchmark::State& bench, MakePod make) {
  base::SystemClock clock;
  LastBinder binder;
  scheduling::SchedulerOptions options;
  options.profiles = {scheduling::defaultProfile("stowage-scheduler")};
  scheduling::Scheduler scheduler(options, {&binder, nullptr, nullptr, nullptr}, clock,
                                  base::nullMetricSink());
  const auto nodes = static_cast<int>(bench.range(0));
  for (int i = 0; i < nodes; ++i) scheduler.nodeAdded(makeNode(i));
  std::deque<kubeapi::PodPtr> running;
  std::uint64_t number = 0;
  const auto place = [&] {
    auto pod = make(number++);
    const std::uint64_t bound_before = binder.count;
    scheduler.podAdded(pod);
    while (scheduler.scheduleOne()) {
    }
    if (binder.count == bound_before) return;  // waits; counted by what is bound
    scheduler.bindFinished(binder.last, scheduling::BindOutcome::kBound, "");
    auto bound = std::make_shared<kubeapi::Pod>(*pod);
    bound->spec.node_name = binder.last.node;
    scheduler.podUpdated(pod, bound);
    running.push_back(std::move(bound));
  };
  const std::size_t target = static_cast<std::size_t>(nodes) * 25;
  while (running.size() < target) place();
  const std::uint64_t before = binder.count;
  for (auto _ : bench) {
    place();
    scheduler.podDeleted(running.front());
    running.pop_front();
  }
  bench.counters["pods/s"] =
      benchmark::Counter(static_cast<double>(binder.count - before), benchmark::Counter::kIsRate);
}
// A fixed number of pods: to find one, the library would fill the cluster several times over.
void sizes(benchmark::internal::Benchmark* bench) {
  bench->Arg(100)->Arg(1000)->Arg(5000)->Arg(15000)->Unit(benchmark::kMicrosecond);
}
BENCHMARK_CAPTURE(scheduleAPod, plain, &makePod)->Apply(sizes)->Iterations(50000);
BENCHMARK_CAPTURE(scheduleAPod, mixed, &makeMixedPod)->Apply(sizes)->Iterations(10000);

// Unschedulable pods wait while others come and go: the price of wake-ups.
void eventsWithPodsWaiting(benchmark::State& bench) {
  base::SystemClock clock;
  LastBinder binder;
  scheduling::SchedulerOptions options;
  options.profiles = {scheduling::defaultProfile("stowage-scheduler")};
  scheduling::Scheduler scheduler(options, {&binder, nullptr, nullptr, nullptr}, clock,
                                  base::nullMetricSink());
  for (int i = 0; i < 1000; ++i) scheduler.nodeAdded(makeNode(i));
  for (std::uint64_t i = 0; i < 10000; ++i) {
    auto pod = makePod(i);
    pod->spec.containers[0].requests[0].second = Quantity::fromInteger(64);
    scheduler.podAdded(pod);
  }
  while (scheduler.scheduleOne()) {
  }
  auto other = makePod(1'000'000);
  other->spec.node_name = "node-7";
  for (auto _ : bench) {
    scheduler.podAdded(other);
    scheduler.podDeleted(other);
  }
}
BENCHMARK(eventsWithPodsWaiting)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace stowage

BENCHMARK_MAIN();
