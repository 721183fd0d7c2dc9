// PackingMetrics: how well the cluster is filled, in numbers that kube-scheduler does not have:
// nodes used and empty, what they offer and what is asked of them, and room that is free but of no
// use. Pods that come with a node (DaemonSets' and static ones) do not make it used. Used by the
// scheduling thread; what it sets is thread safe. One look is linear in the nodes.
#pragma once

#include <array>
#include <cstddef>

#include "base/metric_sink.h"
#include "scheduling/cache/cluster_cache.h"

namespace stowage::scheduling {

// Resources that every node has.
inline constexpr std::size_t kPackedResources = 4;  // cpu, memory, ephemeral storage, pods

struct PackingReport {
  struct Nodes {
    double count = 0;
    std::array<double, kPackedResources> allocatable{};  // cores, bytes, bytes, pods
    std::array<double, kPackedResources> requested{};
  };
  Nodes used;
  Nodes empty;
  // Free cpu (cores) and memory (bytes) of used nodes that have no room for one more pod of the
  // cluster's average because they lack something else.
  std::array<double, 2> stranded{};
};

PackingReport packingOf(const ClusterCache& cache);

class PackingMetrics {
 public:
  explicit PackingMetrics(base::MetricSink& sink);
  void show(const PackingReport& report);

 private:
  struct State {
    base::Gauge* nodes = nullptr;
    std::array<base::Gauge*, kPackedResources> allocatable{};
    std::array<base::Gauge*, kPackedResources> requested{};
  };
  State used_;
  State empty_;
  std::array<base::Gauge*, 2> stranded_{};
};

}  // namespace stowage::scheduling
