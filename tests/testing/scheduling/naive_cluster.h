// NaiveCluster: the slow, obvious way to tell whether a pod may go on a node, straight from the API
// objects. The oracle of randomised tests. Not thread safe.
#pragma once

#include <map>
#include <string>

#include "kubeapi/node.h"
#include "kubeapi/pod.h"

namespace stowage::testing {

class NaiveCluster {
 public:
  void setNode(const kubeapi::NodePtr& node) { nodes_[node->meta.name.str()] = node; }
  void removeNode(const std::string& name) { nodes_.erase(name); }
  // The pod occupies that node, whether the node is there or not.
  void place(const kubeapi::PodPtr& pod, const std::string& node) {
    placed_[pod->meta.uid.str()] = {pod, node};
  }
  void remove(const kubeapi::Pod& pod) { placed_.erase(pod.meta.uid.str()); }

  [[nodiscard]] const std::map<std::string, kubeapi::NodePtr>& nodes() const { return nodes_; }
  // Whether the pod may go on the node, beside everything else that is there.
  [[nodiscard]] bool feasible(const kubeapi::Pod& pod, const std::string& node) const;
  // Name of some feasible node, or "".
  [[nodiscard]] std::string anyFeasible(const kubeapi::Pod& pod) const;

 private:
  [[nodiscard]] bool peersAllow(const kubeapi::Pod& pod, const kubeapi::Node& node) const;
  [[nodiscard]] bool spreadAllows(const kubeapi::Pod& pod, const kubeapi::Node& node) const;
  // Placed pods in the same domain as `node`, as far as their nodes are there.
  template <typename Use>
  void forDomain(const base::Symbol& key, const kubeapi::Node& node, const Use& use) const;
  struct Placed {
    kubeapi::PodPtr pod;
    std::string node;
  };
  std::map<std::string, kubeapi::NodePtr> nodes_;
  std::map<std::string, Placed> placed_;  // by uid
};

}  // namespace stowage::testing
