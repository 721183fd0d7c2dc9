// Nominator: which waiting pods have been promised room on which node: ours by preemption, and
// those of other schedulers as their status says. Lower and equal priorities must leave that room
// alone. A promise of ours counts from the decision on; what the watch still shows from before it
// does not undo it. Single-threaded. Memory follows the number of waiting pods that have a promise.
// Source of the semantics: kube-scheduler backend/queue/nominator.go, v1.36.3, which ignores the
// pods of other schedulers (docs/deviations.md).
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "kubeapi/pod.h"

namespace stowage::scheduling {

using base::Symbol;

class Nominator {
 public:
  // Each of these returns the node on which the pod has lost its promise; "" when it lost none.

  // Our own decision, before the server knows of it. "" takes the promise back.
  Symbol decide(const kubeapi::PodPtr& pod, const Symbol& node);
  // A waiting pod of any scheduler as the watch shows it.
  Symbol observe(const kubeapi::PodPtr& pod);
  // The pod is placed or gone.
  Symbol forget(const Symbol& uid);

  // The node promised to the pod; "" when there is none.
  [[nodiscard]] Symbol nodeOf(const Symbol& uid) const;
  // The pods that were promised room on the node.
  [[nodiscard]] const std::vector<kubeapi::PodPtr>& on(const Symbol& node) const;
  // Nodes with promises, each with its pods, in no order.
  [[nodiscard]] const std::unordered_map<Symbol, std::vector<kubeapi::PodPtr>>& nodes() const {
    return by_node_;
  }
  [[nodiscard]] bool empty() const { return by_node_.empty(); }

 private:
  struct Promise {
    kubeapi::PodPtr pod;
    Symbol node;
    bool unconfirmed = false;  // decided by us; the watch does not show it yet
  };
  Symbol put(Promise promise);

  std::unordered_map<Symbol, Promise> promises_;  // by uid
  std::unordered_map<Symbol, std::vector<kubeapi::PodPtr>> by_node_;
};

}  // namespace stowage::scheduling
