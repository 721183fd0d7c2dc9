// Decisions per second: ShapeCache against the naive choice, Packing, placing each pod: 20 shapes
// in bursts, and one shape only. Old pods leave as new ones come, so that the cluster stays about
// two thirds full.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "placement/cluster_state.h"
#include "placement/packing/packing.h"
#include "placement/resource_fit.h"
#include "placement/shape_cache.h"

namespace stowage {
namespace {

using placement::Amount;
using placement::ClusterState;
using placement::Demand;
using placement::NodeIndex;
using placement::ShapeId;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;
constexpr ShapeId kShapes = 20;

class Rules : public placement::NodeRules {
 public:
  Rules(ClusterState& state, std::vector<Demand> demands)
      : packing(state, {}), state_(state), demands_(std::move(demands)) {}
  placement::Verdict check(ShapeId shape, NodeIndex node) override {
    return placement::resourceFit(state_, node, demands_[shape], 0);
  }
  void score(ShapeId shape, NodeIndex node, std::span<std::int64_t> raw) override {
    // Two soft columns without preferences, as most pods have, and Packing.
    raw[0] = 0;
    raw[1] = 0;
    raw[2] = packing.score(node, demands_[shape]);
  }
  [[nodiscard]] const Demand& demand(ShapeId shape) const { return demands_[shape]; }
  placement::PackingScore packing;

 private:
  ClusterState& state_;
  std::vector<Demand> demands_;
};

std::vector<placement::ScoreColumn> columns() {
  return {{placement::Normalise::kMaxReversed, 3},
          {placement::Normalise::kMax, 2},
          {placement::Normalise::kMinMax, 1, true}};
}

class Cluster {
 public:
  Cluster(std::size_t nodes, ShapeId shapes)
      : shapes_(shapes), rules_(state_, demands()), cache_(state_, rules_, columns(), 1024) {
    for (std::size_t i = 0; i < nodes; ++i) {
      const NodeIndex node = state_.addNode("node-" + std::to_string(i));
      const std::int64_t size = 1 + static_cast<std::int64_t>(rng_.below(3));
      std::vector<Amount> offers = {{placement::kCpu, 16000 * size},
                                    {placement::kMemory, 64 * kGiB * size},
                                    {placement::kPods, 110}};
      if (i % 4 == 0) offers.push_back({gpu_, 8});
      state_.setAllocatable(node, offers);
    }
    capacity_ = shapes == 1 ? nodes * 110 : nodes * 8;
    while (placed_.size() < capacity_ && decide(true)) {
    }
    // Pods of one shape fill everything: a third of them leaves again.
    if (shapes == 1) capacity_ = placed_.size() * 2 / 3;
    retire();
  }

  // One decision; false when the pod fitted nowhere.
  bool decide(bool cached) {
    const auto shape = static_cast<ShapeId>(burst_ > 0 ? shape_ : rng_.below(shapes_));
    burst_ = burst_ > 0 ? burst_ - 1 : rng_.below(10);
    shape_ = shape;
    rules_.packing.arrived(rules_.demand(shape));
    if (rules_.packing.renewIfStale()) cache_.forgetScores();
    const placement::Choice choice =
        cached ? cache_.choose(shape) : chooseNaively(state_, rules_, columns_, shape);
    if (choice.node == placement::kNoNode) return false;
    evaluated_ += choice.evaluated;
    state_.place(choice.node, rules_.demand(shape));
    placed_.emplace_back(choice.node, shape);
    return true;
  }
  void retire() {
    while (placed_.size() > capacity_) {
      const auto [node, shape] = placed_.front();
      placed_.pop_front();
      state_.remove(node, rules_.demand(shape));
    }
  }
  [[nodiscard]] std::uint64_t evaluated() const { return evaluated_; }
  void resetEvaluated() { evaluated_ = 0; }

 private:
  std::vector<Demand> demands() {
    gpu_ = state_.acquireDimension("nvidia.com/gpu");
    std::vector<Demand> demands;
    for (ShapeId i = 0; i < kShapes; ++i) {
      const std::int64_t cpu = 250LL << rng_.below(5);
      const std::int64_t memory = cpu * (kGiB / 1000) * (2LL << rng_.below(3));
      Demand demand{{{placement::kCpu, cpu}, {placement::kMemory, memory}}, cpu, memory};
      if (i % 5 == 0) demand.amounts.push_back({gpu_, 1LL << rng_.below(3)});
      demands.push_back(demand);
    }
    return demands;
  }
  base::Rng rng_{42};
  const ShapeId shapes_;
  ClusterState state_;
  placement::Dimension gpu_ = 0;
  Rules rules_;
  std::vector<placement::ScoreColumn> columns_ = columns();
  placement::ShapeCache cache_;
  std::deque<std::pair<NodeIndex, ShapeId>> placed_;
  std::size_t capacity_ = 0;
  std::uint64_t burst_ = 0;
  ShapeId shape_ = 0;
  std::uint64_t evaluated_ = 0;
};

void decide(benchmark::State& bench, bool cached, ShapeId shapes) {
  Cluster cluster(static_cast<std::size_t>(bench.range(0)), shapes);
  cluster.resetEvaluated();
  for (auto _ : bench) {
    benchmark::DoNotOptimize(cluster.decide(cached));
    cluster.retire();
  }
  bench.SetItemsProcessed(static_cast<std::int64_t>(bench.iterations()));
  bench.counters["nodes_looked_at"] = benchmark::Counter(static_cast<double>(cluster.evaluated()) /
                                                         static_cast<double>(bench.iterations()));
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->Arg(100)->Arg(1000)->Arg(5000)->Arg(15000);
}
BENCHMARK_CAPTURE(decide, cached, true, kShapes)->Apply(sizes);
BENCHMARK_CAPTURE(decide, naive, false, kShapes)->Apply(sizes);
BENCHMARK_CAPTURE(decide, cached_one_shape, true, 1)->Apply(sizes);
BENCHMARK_CAPTURE(decide, naive_one_shape, false, 1)->Apply(sizes);

}  // namespace
}  // namespace stowage

BENCHMARK_MAIN();
