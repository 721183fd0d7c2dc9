// What it costs to look for victims on a full cluster: one attempt of a pod that fits nowhere, 25
// pods on every node. `helps`: a fifth of each node's pods is less important, and evicting some of
// them makes room, on every node. `in_vain`: not even all of them would.
#include <benchmark/benchmark.h>

#include <cstdint>
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

class NoBinder final : public scheduling::Binder {
 public:
  bool bind(const scheduling::BindRequest&) override { return true; }
};

// Takes nothing, so that every attempt begins anew.
class BusyEvictor final : public scheduling::Evictor {
 public:
  bool nominate(const scheduling::PodStatusPatch&) override {
    ++asked;
    return false;
  }
  bool evict(const scheduling::Eviction&) override { return false; }
  std::uint64_t asked = 0;
};

std::shared_ptr<kubeapi::Pod> makePod(std::uint64_t number, std::int64_t milli,
                                      std::int32_t priority) {
  auto pod = std::make_shared<kubeapi::Pod>();
  pod->meta.ns = "default";
  pod->meta.name = "pod-" + std::to_string(number);
  pod->meta.uid = "uid-" + std::to_string(number);
  pod->meta.labels.set("app", "app-" + std::to_string(number % 50));
  pod->spec.scheduler_name = "stowage-scheduler";
  pod->spec.priority = priority;
  kubeapi::Container container;
  container.requests = {{"cpu", Quantity::fromMilli(milli)},
                        {"memory", Quantity::fromInteger(std::int64_t{1} << 28)}};
  pod->spec.containers.push_back(std::move(container));
  return pod;
}

// `milli`: what the pod that looks for victims asks for; 5,000 can be evicted on each node.
void lookForVictims(benchmark::State& bench, std::int64_t milli) {
  base::SystemClock clock;
  NoBinder binder;
  BusyEvictor evictor;
  scheduling::SchedulerOptions options;
  options.profiles = {scheduling::defaultProfile("stowage-scheduler")};
  scheduling::SchedulerPorts ports{&binder, nullptr, nullptr, nullptr, &evictor};
  scheduling::Scheduler scheduler(options, ports, clock, base::nullMetricSink());
  scheduler.budgetsKnown();
  std::uint64_t number = 0;
  for (std::int64_t i = 0; i < bench.range(0); ++i) {
    auto node = std::make_shared<kubeapi::Node>();
    node->meta.name = "node-" + std::to_string(i);
    node->allocatable = {{"cpu", Quantity::fromInteger(25)},
                         {"memory", Quantity::fromInteger(std::int64_t{128} << 30)},
                         {"pods", Quantity::fromInteger(110)}};
    scheduler.nodeAdded(node);
    for (int k = 0; k < 25; ++k) {
      auto pod = makePod(number++, 1000, k % 5 == 0 ? 10 : 100);
      pod->spec.node_name = node->meta.name;
      pod->status.phase = "Running";
      scheduler.podAdded(pod);
    }
  }
  for (auto _ : bench) {
    const kubeapi::PodPtr pod = makePod(number++, milli, 100);
    scheduler.podAdded(pod);
    while (scheduler.scheduleOne()) {
    }
    scheduler.podDeleted(pod);
  }
  bench.counters["found"] =
      static_cast<double>(evictor.asked) / static_cast<double>(bench.iterations());
}
void sizes(benchmark::internal::Benchmark* bench) {
  bench->Arg(100)->Arg(1000)->Arg(5000)->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(lookForVictims, helps, 2500)->Apply(sizes);
BENCHMARK_CAPTURE(lookForVictims, in_vain, 6000)->Apply(sizes);

}  // namespace
}  // namespace stowage

BENCHMARK_MAIN();
