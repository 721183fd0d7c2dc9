#include "scheduling/cache/self_check.h"

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "kubeapi/quantity.h"

namespace stowage::scheduling {

namespace {

std::vector<std::int64_t> sumsOf(const NodeInfo& info, std::size_t dimensions) {
  std::vector<std::int64_t> sums(dimensions);
  sums[placement::kPods] = static_cast<std::int64_t>(info.pods.size());
  for (const CachedPod* pod : info.pods) {
    for (const placement::Amount& amount : pod->demand->amounts().amounts) {
      sums[amount.dim] = kubeapi::saturatingAdd(sums[amount.dim], amount.value);
    }
  }
  return sums;
}

}  // namespace

bool nodeAgrees(const ClusterCache& cache, const NodeInfo& info) {
  UsedPorts ports;
  PriorityCounts priorities;
  for (const CachedPod* pod : info.pods) {
    if (pod->node != &info || cache.find(pod->pod->meta.uid) != pod) return false;
    ports.add(pod->ports);
    priorities.add(pod->priority);
  }
  if (ports.size() != info.ports.size() || !(priorities == info.priorities)) return false;
  if (info.index == placement::kNoNode) return true;
  const placement::ClusterState& state = cache.state();
  const std::vector<std::int64_t> sums = sumsOf(info, state.dimensions());
  for (std::size_t d = 0; d < sums.size(); ++d) {
    if (sums[d] != state.requested(static_cast<placement::Dimension>(d), info.index)) return false;
  }
  return true;
}

SelfCheck::SelfCheck(base::MetricSink& sink)
    : checked_(sink.counter("stowage_cache_checks_total",
                            "Nodes of which the cache's sums were compared with their pods.", {})),
      drifted_(sink.counter("stowage_cache_drifts_total",
                            "Nodes of which the cache's sums differed from their pods.", {})) {}

void SelfCheck::step(const ClusterCache& cache) {
  const placement::ClusterState& state = cache.state();
  std::size_t nodes = 0;
  std::size_t pods = 0;
  if (next_ >= state.slots()) next_ = 0;
  for (; next_ < state.slots() && nodes < kNodes && pods < kPods; ++next_) {
    if (!state.present(next_)) continue;
    const NodeInfo& info = cache.nodeAt(next_);
    ++nodes;
    pods += info.pods.size();
    if (nodeAgrees(cache, info)) continue;
    drifted_.increment();
    base::log().error("the cache differs from the pods of a node", {{"node", info.name.view()}});
  }
  checked_.add(static_cast<double>(nodes));
}

}  // namespace stowage::scheduling
