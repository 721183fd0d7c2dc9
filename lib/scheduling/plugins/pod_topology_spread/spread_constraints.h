// SpreadConstraint: a topology spread constraint with upstream's defaults filled in, and which
// nodes count for it. Source: kube-scheduler plugins/podtopologyspread/common.go, v1.36.3.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <vector>

#include "kubeapi/pod.h"
#include "scheduling/peers/node_topology.h"
#include "scheduling/peers/pod_terms.h"
#include "scheduling/peers/workload_selectors.h"
#include "scheduling/profile.h"
#include "scheduling/shapes/shape.h"

namespace stowage::scheduling {

struct SpreadConstraint {
  Symbol topology_key;
  std::int32_t max_skew = 1;
  std::int32_t min_domains = 1;
  bool honor_affinity = true;  // nodes that the pod's node affinity rules out do not count
  bool honor_taints = false;   // nodes with taints that the pod does not tolerate do not count
  PodPredicate counted;        // the placed pods that count
  bool self = false;           // the pod itself matches
};

// Which constraints hold for a pod: its own, or when it has none the profile's defaults, over the
// siblings that its Services and its controller tell. Refers to `workloads`, which outlives it.
class SpreadRules {
 public:
  SpreadRules(const SpreadDefaults& defaults, WorkloadSelectors& workloads);
  // Those of one kind (whenUnsatisfiable).
  [[nodiscard]] std::vector<SpreadConstraint> of(const kubeapi::Pod& pod,
                                                 bool do_not_schedule) const;
  // Nodes that lack the key of any constraint are not scored. Not so with upstream's own defaults:
  // a node without a zone is still one host among others.
  [[nodiscard]] bool scoresNeedAllKeys(const kubeapi::Pod& pod) const {
    return !system_ || !pod.spec.spread.empty();
  }

 private:
  const bool system_;
  std::vector<kubeapi::TopologySpreadConstraint> defaults_;  // their selectors do not matter
  WorkloadSelectors& workloads_;
};

// Which nodes a pod's node affinity and tolerations let count, as flat arrays by slot, kept for the
// pods asked about last while no node's labels or taints change. Single-threaded.
class NodePolicies {
 public:
  // By slot: 1 when the node counts. Empty: every node does. Valid until the next call but one.
  const std::vector<std::uint8_t>& honoringAffinity(const Shape& shape,
                                                    const NodeTopology& topology);
  const std::vector<std::uint8_t>& honoringTaints(const Shape& shape, const NodeTopology& topology);

 private:
  static constexpr std::size_t kKept = 64;
  struct Entry {
    bool taints = false;  // else affinity
    kubeapi::Labels node_selector;
    std::optional<kubeapi::NodeSelector> node_required;
    std::vector<kubeapi::Toleration> tolerations;
    std::vector<std::uint8_t> counts;
  };
  Entry* find(bool taints, const Shape& shape, const NodeTopology& topology);

  std::uint64_t version_ = 0;
  std::list<Entry> entries_;  // the one asked about last in front
};

}  // namespace stowage::scheduling
