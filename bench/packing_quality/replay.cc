#include "packing_quality/replay.h"

#include <algorithm>
#include <array>
#include <vector>

#include "placement/first_fit/first_fit.h"
#include "placement/most_allocated/most_allocated.h"
#include "placement/resource_fit.h"
#include "placement/shape_cache.h"

namespace stowage::packing_quality {
namespace {

using placement::Amount;
using placement::ClusterState;
using placement::Demand;
using placement::Dimension;
using placement::NodeIndex;
using placement::ShapeId;

constexpr std::int64_t kMiB = 1024 * 1024;

class PolicyRules : public placement::NodeRules {
 public:
  PolicyRules(const ClusterState& state, const std::vector<Demand>& demands, Policy::Kind kind,
              Dimension gpu, placement::PackingScore& packing)
      : state_(state),
        demands_(demands),
        kind_(kind),
        resources_{{{placement::kCpu, 1}, {placement::kMemory, 1}, {gpu, 1}}},
        packing_(packing) {}

  placement::Verdict check(ShapeId shape, NodeIndex node) override {
    return placement::resourceFit(state_, node, demands_[shape], 0);
  }
  void score(ShapeId shape, NodeIndex node, std::span<std::int64_t> raw) override {
    raw[0] = scoreOf(demands_[shape], node);
  }

 private:
  std::int64_t scoreOf(const Demand& demand, NodeIndex node) {
    switch (kind_) {
      case Policy::Kind::kFirstFit:
        return placement::firstFit();
      case Policy::Kind::kMostAllocated:
        return placement::mostAllocated(state_, node, demand, std::span(resources_).first(2));
      case Policy::Kind::kMostAllocatedWithGpu:
        return placement::mostAllocated(state_, node, demand, resources_);
      case Policy::Kind::kPacking:
        return packing_.score(node, demand);
    }
    return 0;
  }
  const ClusterState& state_;
  const std::vector<Demand>& demands_;
  const Policy::Kind kind_;
  const std::array<placement::WeightedDimension, 3> resources_;
  placement::PackingScore& packing_;
};

placement::ScoreColumn columnOf(Policy::Kind kind) {
  if (kind != Policy::Kind::kPacking) return {};
  return {.normalise = placement::Normalise::kMinMax, .weight = 1, .raw_breaks_ties = true};
}

// One run: the cluster, the pods on it, and what is counted.
class Run {
 public:
  Run(const Workload& workload, const Policy& policy)
      : workload_(workload),
        packs_(policy.kind == Policy::Kind::kPacking),
        gpu_(state_.acquireDimension("nvidia.com/gpu")),
        packing_(state_, policy.packing),
        rules_(state_, demands_, policy.kind, gpu_, packing_),
        cache_(state_, rules_, {columnOf(policy.kind)}, workload.shapes.size()),
        node_of_pod_(workload.shape_of_pod.size(), placement::kNoNode) {
    for (const Resources& shape : workload.shapes) demands_.push_back(demandOf(shape));
    for (std::size_t i = 0; i < workload.nodes.size(); ++i) addNode(workload.nodes[i], i);
  }

  Outcome run(double count_from) {
    const auto first =
        static_cast<std::size_t>(count_from * static_cast<double>(workload_.events.size()));
    double sum = 0;
    double capacity = 0;
    for (std::size_t i = 0; i < workload_.events.size(); ++i) {
      const Event& event = workload_.events[i];
      if (event.departure) {
        depart(event.pod);
      } else {
        arrive(event.pod);
      }
      if (i < first) continue;
      sum += in_use_;
      capacity += capacity_in_use_;
    }
    const auto counted =
        static_cast<double>(std::max<std::size_t>(workload_.events.size() - first, 1));
    outcome_.nodes_mean = sum / counted;
    outcome_.capacity_mean = capacity / counted;
    outcome_.nodes_end = in_use_;
    if (outcome_.failed == 0) outcome_.first_failure = outcome_.placed;
    if (whole_.gpu > 0) {
      outcome_.gpu_placed_percent =
          100 * static_cast<double>(gpus_placed_) / static_cast<double>(whole_.gpu);
    }
    return outcome_;
  }

 private:
  Demand demandOf(const Resources& shape) const {
    Demand demand;
    if (shape.cpu_milli > 0) demand.amounts.push_back({placement::kCpu, shape.cpu_milli});
    if (shape.memory_mib > 0)
      demand.amounts.push_back({placement::kMemory, shape.memory_mib * kMiB});
    if (shape.gpu > 0) demand.amounts.push_back({gpu_, shape.gpu});
    demand.non_zero_cpu = shape.cpu_milli;
    demand.non_zero_memory = shape.memory_mib * kMiB;
    return demand;
  }
  void addNode(const Resources& offers, std::size_t index) {
    const NodeIndex node = state_.addNode("node-" + std::to_string(index));
    state_.setAllocatable(node,
                          std::array<Amount, 4>{{{placement::kCpu, offers.cpu_milli},
                                                 {placement::kMemory, offers.memory_mib * kMiB},
                                                 {placement::kPods, 1000},
                                                 {gpu_, offers.gpu}}});
    whole_.cpu_milli += offers.cpu_milli;
    whole_.memory_mib += offers.memory_mib;
    whole_.gpu += offers.gpu;
  }
  void arrive(std::uint32_t pod) {
    const ShapeId shape = workload_.shape_of_pod[pod];
    if (packs_) {
      packing_.arrived(demands_[shape]);
      if (packing_.renewIfStale()) {
        cache_.forgetScores();
        ++outcome_.renewals;
      }
    }
    const NodeIndex node = cache_.choose(shape).node;
    if (node == placement::kNoNode) {
      if (outcome_.failed++ == 0) outcome_.first_failure = outcome_.placed;
      return;
    }
    if (state_.requested(placement::kPods, node) == 0) count(node, 1);
    state_.place(node, demands_[shape]);
    node_of_pod_[pod] = node;
    ++outcome_.placed;
    gpus_placed_ += workload_.shapes[shape].gpu;
  }
  void depart(std::uint32_t pod) {
    const NodeIndex node = node_of_pod_[pod];
    if (node == placement::kNoNode) return;
    state_.remove(node, demands_[workload_.shape_of_pod[pod]]);
    if (state_.requested(placement::kPods, node) == 0) count(node, -1);
  }

  // The node is opened (1) or closed (-1). Its size: mean of its shares of what the cluster has.
  void count(NodeIndex node, int sign) {
    in_use_ = static_cast<std::uint32_t>(static_cast<int>(in_use_) + sign);
    const Resources& size = workload_.nodes[node];
    const auto share = [](std::int64_t part, std::int64_t whole) {
      return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    const double shares = share(size.cpu_milli, whole_.cpu_milli) +
                          share(size.memory_mib, whole_.memory_mib) + share(size.gpu, whole_.gpu);
    capacity_in_use_ +=
        sign * shares * static_cast<double>(workload_.nodes.size()) / (whole_.gpu > 0 ? 3.0 : 2.0);
  }

  const Workload& workload_;
  const bool packs_;
  ClusterState state_;
  const Dimension gpu_;
  std::vector<Demand> demands_;
  placement::PackingScore packing_;
  PolicyRules rules_;
  placement::ShapeCache cache_;
  std::vector<NodeIndex> node_of_pod_;
  std::uint32_t in_use_ = 0;
  double capacity_in_use_ = 0;
  Resources whole_;  // the cluster
  std::int64_t gpus_placed_ = 0;
  Outcome outcome_;
};

}  // namespace

Outcome replay(const Workload& workload, const Policy& policy, double count_from) {
  return Run(workload, policy).run(count_from);
}

}  // namespace stowage::packing_quality
