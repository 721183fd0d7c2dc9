#include "scheduling/packing_metrics.h"

#include <algorithm>
#include <string>

namespace stowage::scheduling {
namespace {

using placement::ClusterState;
using placement::Dimension;
using placement::NodeIndex;

constexpr std::array<const char*, kPackedResources> kNames = {"cpu", "memory", "ephemeral-storage",
                                                              "pods"};
constexpr std::array<Dimension, kPackedResources> kDimensions = {
    placement::kCpu, placement::kMemory, placement::kEphemeralStorage, placement::kPods};
// Cpu is kept in thousandths of a core.
constexpr std::array<double, kPackedResources> kUnits = {1000, 1, 1, 1};
// What can keep an average pod away.
constexpr std::array<std::size_t, 3> kNeeds = {0, 1, 3};

bool comesWithNode(const kubeapi::Pod& pod) {
  return std::any_of(pod.meta.owners.begin(), pod.meta.owners.end(), [](const auto& owner) {
    return owner.controller && (owner.kind.view() == "DaemonSet" || owner.kind.view() == "Node");
  });
}

bool isUsed(const NodeInfo& info) {
  return std::any_of(info.pods.begin(), info.pods.end(),
                     [](const CachedPod* pod) { return !comesWithNode(*pod->pod); });
}

using Amounts = std::array<double, kPackedResources>;

// Free amounts; below zero: more is requested than there is.
Amounts freeOf(const ClusterState& state, NodeIndex node) {
  Amounts free{};
  for (std::size_t r = 0; r < kPackedResources; ++r)
    free[r] = static_cast<double>(state.free(kDimensions[r], node)) / kUnits[r];
  return free;
}

bool lacksAnother(const Amounts& free, const Amounts& typical, std::size_t resource) {
  return std::any_of(kNeeds.begin(), kNeeds.end(), [&](std::size_t need) {
    return need != resource && free[need] < typical[need];
  });
}

}  // namespace

PackingReport packingOf(const ClusterCache& cache) {
  const ClusterState& state = cache.state();
  PackingReport report;
  std::vector<NodeIndex> used;
  for (NodeIndex node = 0; node < state.slots(); ++node) {
    if (!state.present(node)) continue;
    const bool is_used = isUsed(cache.nodeAt(node));
    if (is_used) used.push_back(node);
    PackingReport::Nodes& nodes = is_used ? report.used : report.empty;
    ++nodes.count;
    for (std::size_t r = 0; r < kPackedResources; ++r) {
      nodes.allocatable[r] +=
          static_cast<double>(state.allocatable(kDimensions[r], node)) / kUnits[r];
      nodes.requested[r] += static_cast<double>(state.requested(kDimensions[r], node)) / kUnits[r];
    }
  }
  const double pods = report.used.requested[3];
  if (pods <= 0) return report;
  Amounts typical{};
  for (std::size_t r = 0; r < kPackedResources; ++r) typical[r] = report.used.requested[r] / pods;
  for (const NodeIndex node : used) {
    const Amounts free = freeOf(state, node);
    for (std::size_t r = 0; r < report.stranded.size(); ++r) {
      if (lacksAnother(free, typical, r)) report.stranded[r] += std::max(0.0, free[r]);
    }
  }
  return report;
}

PackingMetrics::PackingMetrics(base::MetricSink& sink) {
  const auto open = [&sink](State& state, const std::string& name) {
    state.nodes = &sink.gauge("stowage_packing_nodes",
                              "Nodes by state: used (at least one pod that is no DaemonSet's and "
                              "not static) or empty.",
                              {{"state", name}});
    for (std::size_t r = 0; r < kPackedResources; ++r) {
      const base::MetricLabels labels = {{"resource", kNames[r]}, {"state", name}};
      state.allocatable[r] = &sink.gauge(
          "stowage_packing_allocatable",
          "What used and empty nodes offer to pods: cores, bytes or a number of pods.", labels);
      state.requested[r] = &sink.gauge(
          "stowage_packing_requested",
          "What pods on used and empty nodes request: cores, bytes or a number of pods.", labels);
    }
  };
  open(used_, "used");
  open(empty_, "empty");
  for (std::size_t r = 0; r < stranded_.size(); ++r) {
    stranded_[r] = &sink.gauge("stowage_packing_stranded",
                               "Free cores or bytes on used nodes that lack something else for one "
                               "more pod of the cluster's average request.",
                               {{"resource", kNames[r]}});
  }
}

void PackingMetrics::show(const PackingReport& report) {
  const auto set = [](const State& state, const PackingReport::Nodes& nodes) {
    state.nodes->set(nodes.count);
    for (std::size_t r = 0; r < kPackedResources; ++r) {
      state.allocatable[r]->set(nodes.allocatable[r]);
      state.requested[r]->set(nodes.requested[r]);
    }
  };
  set(used_, report.used);
  set(empty_, report.empty);
  for (std::size_t r = 0; r < stranded_.size(); ++r) stranded_[r]->set(report.stranded[r]);
}

}  // namespace stowage::scheduling
