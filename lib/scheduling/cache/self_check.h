// SelfCheck: looks, some nodes at a time, whether the sums that the cache keeps of a node are those
// of its pods, so that a bug of ours is told before a node is overfilled for long. It looks only: a
// cache that differs is not mended. Used by the scheduling thread. Source of the idea:
// kube-scheduler backend/cache/debugger/comparer.go, v1.36.3, which compares on SIGUSR2.
#pragma once

#include <cstddef>

#include "base/metric_sink.h"
#include "placement/cluster_state.h"
#include "scheduling/cache/cluster_cache.h"

namespace stowage::scheduling {

// Linear in the node's pods and the dimensions in use.
bool nodeAgrees(const ClusterCache& cache, const NodeInfo& info);

class SelfCheck {
 public:
  // A step ends after so many nodes, or after the node with which it has seen so many pods.
  static constexpr std::size_t kNodes = 500;
  static constexpr std::size_t kPods = 10'000;

  explicit SelfCheck(base::MetricSink& sink);
  // The next nodes; after the last one it begins anew.
  void step(const ClusterCache& cache);

 private:
  base::Counter& checked_;
  base::Counter& drifted_;
  placement::NodeIndex next_ = 0;
};

}  // namespace stowage::scheduling
