// ClusterCache: every node and every pod that occupies one, of all schedulers, and the dense
// placement::ClusterState kept equal to them. A pod occupies its node from being assumed (decided
// by us) or seen bound until it is terminal or gone, also while it is being deleted.
// Single-threaded: the scheduling thread owns it. Events may come in any order between objects:
// pods before their node, nodes gone before their pods. Source of the semantics: kube-scheduler
// backend/cache/cache.go, v1.36.3.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kubeapi/node.h"
#include "placement/cluster_state.h"
#include "scheduling/cache/dimension_table.h"
#include "scheduling/cache/image_states.h"
#include "scheduling/cache/node_info.h"
#include "scheduling/cache/taint_classes.h"
#include "scheduling/peers/peer_index.h"
#include "scheduling/peers/workload_selectors.h"
#include "scheduling/volumes/claim_users.h"
#include "scheduling/volumes/storage_state.h"

namespace stowage::scheduling {

class Trial;

class ClusterCache {
 public:
  ClusterCache();
  ~ClusterCache();
  ClusterCache(const ClusterCache&) = delete;
  ClusterCache& operator=(const ClusterCache&) = delete;

  // ---- nodes ----
  struct NodeChange {
    NodeInfo* info = nullptr;
    kubeapi::NodePtr before;  // null: the node is new
    std::vector<placement::Amount> allocatable_before;
    bool resource_appeared = false;  // a resource name is offered that no node had before
    bool changed = false;            // something that scheduling looks at
  };
  // From now on nodes' images are counted.
  void countImages();
  NodeChange setNode(const kubeapi::NodePtr& node);
  // False when it was not known. Its pods stay until they go themselves.
  bool removeNode(const Symbol& name);

  // ---- pods on nodes ----
  enum class Placed {
    kAdded,      // not known before
    kConfirmed,  // was assumed on that node
    kMoved,      // was assumed or known on another node: the watch is right
    kUpdated,    // was known on that node
  };
  struct PlacedChange {
    Placed what = Placed::kAdded;
    NodeInfo* roomier = nullptr;  // a present node on which it now holds less; null: none
    kubeapi::PodPtr before;       // as it was known; null when it was not
    bool labels_changed = false;
  };
  // A pod that the watch shows bound and not terminal.
  PlacedChange setPlaced(const kubeapi::PodPtr& pod);
  // Places a pod by our own decision. `node` is present; the pod is not in the cache.
  void assume(const kubeapi::PodPtr& pod, placement::NodeIndex node,
              std::shared_ptr<const PodDemand> demand);
  // What a pod held when it left.
  struct Left {
    bool found = false;
    NodeInfo* node = nullptr;  // null when the node went with its last pod
    kubeapi::PodPtr pod;
    std::vector<kubeapi::HostPort> ports;
    bool was_assumed = false;
  };
  Left remove(const Symbol& uid);
  [[nodiscard]] const CachedPod* find(const Symbol& uid) const;

  // ---- storage ----
  // Takes in one event, with verdicts of the nodes that it concerns made stale. Returns it with
  // `before` as the cache knew the object.
  StorageChange setStorage(const StorageChange& change);
  // For assumptions and outages.
  [[nodiscard]] StorageState& storage() { return storage_; }
  [[nodiscard]] const StorageState& storage() const { return storage_; }
  [[nodiscard]] const ClaimUsers& claimUsers() const { return claim_users_; }

  // ---- views ----
  [[nodiscard]] const placement::ClusterState& state() const { return state_; }
  // For scores that hold dimensions of their own; amounts are the cache's alone to change.
  [[nodiscard]] placement::ClusterState& stateForScores() { return state_; }
  [[nodiscard]] const NodeInfo& nodeAt(placement::NodeIndex index) const {
    return *by_index_[index];
  }
  [[nodiscard]] NodeView view(const NodeInfo& info) const { return {state_, info, *info.node}; }
  [[nodiscard]] const ImageStates& images() const { return images_; }
  [[nodiscard]] DimensionTable& dimensions() { return dimensions_; }
  // What rules between pods look at; its contents are the cache's alone to change.
  [[nodiscard]] PeerIndex& peers() { return peers_; }
  [[nodiscard]] const PeerIndex& peers() const { return peers_; }
  // Which pods are siblings, by Services and controllers.
  [[nodiscard]] WorkloadSelectors& workloads() { return workloads_; }
  // Labels of a namespace. True when they differ from before.
  bool setNamespace(const kubeapi::NamespacePtr& ns) { return peers_.setNamespace(ns); }
  bool removeNamespace(const Symbol& name) { return peers_.removeNamespace(name); }
  [[nodiscard]] std::size_t podCount() const { return pods_.size(); }
  [[nodiscard]] std::size_t assumedCount() const { return assumed_; }
  [[nodiscard]] std::size_t nodeCount() const { return state_.nodeCount(); }

  // Recomputes every sum from the pods; false when something differs (debug and tests).
  [[nodiscard]] bool consistent() const;

 private:
  friend class Trial;
  [[nodiscard]] CachedPod* findMutable(const Symbol& uid);
  [[nodiscard]] NodeInfo& infoAt(placement::NodeIndex index) { return *by_index_[index]; }
  std::unique_ptr<CachedPod> newPod(const kubeapi::PodPtr& pod);
  NodeInfo& infoOf(const Symbol& name);
  void dropIfEmpty(NodeInfo& info);
  void setImages(NodeInfo& info, const kubeapi::Node& node);
  void move(CachedPod& known, const kubeapi::PodPtr& pod);
  void attach(CachedPod& pod, NodeInfo& info);
  void detach(CachedPod& pod);
  void setDemand(CachedPod& pod, std::shared_ptr<const PodDemand> demand);
  void replaceObject(CachedPod& pod, const kubeapi::PodPtr& fresh);
  std::shared_ptr<const PodDemand> demandOf(const kubeapi::Pod& pod);
  bool setAllocatable(NodeInfo& info);
  void touchNode(const Symbol& name);
  void touchUsersOf(const ClaimKey& claim);
  void touchUsersOf(const kubeapi::PersistentVolume& volume);
  void refreshAbsent();

  placement::ClusterState state_;
  DimensionTable dimensions_{state_};
  TaintClasses taint_classes_;
  ImageStates images_;
  bool counts_images_ = false;
  PeerIndex peers_;
  WorkloadSelectors workloads_;
  StorageState storage_;
  ClaimUsers claim_users_;
  std::unordered_map<Symbol, std::unique_ptr<NodeInfo>> nodes_;  // by name
  std::vector<NodeInfo*> by_index_;
  std::unordered_map<Symbol, std::unique_ptr<CachedPod>> pods_;  // by uid
  std::unordered_set<CachedPod*> with_absent_;  // ask for resources that no node offers
  std::size_t assumed_ = 0;
};

}  // namespace stowage::scheduling
