// PeerIndex: what the rules between pods need to know of the cluster: topology of nodes, pods that
// match, terms that placed pods carry. Kept equal to the ClusterCache, which owns it and tells it
// of every change. Single-threaded.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <unordered_set>

#include "scheduling/cache/node_info.h"
#include "scheduling/peers/node_topology.h"
#include "scheduling/peers/pod_counters.h"
#include "scheduling/peers/pod_terms.h"
#include "scheduling/peers/term_index.h"

namespace stowage::scheduling {

class PeerIndex {
 public:
  PeerIndex();
  PeerIndex(const PeerIndex&) = delete;
  PeerIndex& operator=(const PeerIndex&) = delete;

  // ---- fed by ClusterCache; pod.node is a present node ----
  void podPlaced(const CachedPod& pod);
  void podLeft(const CachedPod& pod);
  void setNode(placement::NodeIndex slot, const kubeapi::NodePtr& node) {
    topology_.setNode(slot, node);
  }
  void removeNode(placement::NodeIndex slot) { topology_.removeNode(slot); }
  // True when labels differ from before.
  bool setNamespace(const kubeapi::NamespacePtr& ns);
  bool removeNamespace(const Symbol& name);

  // ---- asked by the peer plugins ----
  NodeTopology& topology() { return topology_; }
  PodCounters& counters() { return counters_; }
  [[nodiscard]] const TermIndex& terms() const { return terms_; }
  [[nodiscard]] const NamespaceLabels& namespaces() const { return namespaces_; }

  // Recounts everything; false when something differs (debug and tests).
  [[nodiscard]] bool consistent() const;

 private:
  void forPods(const PodTerm& term, const PodCounters::Visit& visit) const;

  NamespaceLabels namespaces_;
  NodeTopology topology_;
  PodCounters counters_;
  TermIndex terms_;
  std::unordered_map<Symbol, std::unordered_set<const CachedPod*>> pods_;  // by namespace
};

}  // namespace stowage::scheduling
