// Intake: cluster events into cache and queue, and waiting pods woken by them. What an event means
// is told by the object as it is now and by what is already known of it, so that repeated, merged
// or late events do no harm. Single-threaded. Source of the semantics: kube-scheduler
// eventhandlers.go, v1.36.3.
#pragma once

#include <optional>
#include <unordered_map>

#include "kubeapi/node.h"
#include "kubeapi/pod.h"
#include "scheduling/cycle/binding.h"
#include "scheduling/cycle/context.h"
#include "scheduling/preemption/evictions.h"
#include "scheduling/preemption/preemption.h"

namespace stowage::scheduling {

class Intake {
 public:
  Intake(Context& context, Binding& binding, Evictions& evictions, Preemption& preemption);

  void podSeen(const kubeapi::PodPtr& pod);
  void podGone(const kubeapi::PodPtr& last_known);
  void nodeSeen(const kubeapi::NodePtr& node);
  void nodeGone(const kubeapi::NodePtr& last_known);
  void namespaceSeen(const kubeapi::NamespacePtr& ns);
  void namespaceGone(const Symbol& name);
  // The first list of disruption budgets is complete.
  void budgetsKnown(bool known);
  void workloadSeen(const WorkloadChange& change);
  // The profiles are others now: pods that have become ours enter the queue.
  void profilesChanged();
  // A waiting pod whose profile is gone: it may become ours again.
  void disown(const kubeapi::PodPtr& pod);

 private:
  void placed(const kubeapi::PodPtr& pod);
  void pending(const kubeapi::PodPtr& pod, std::uint32_t profile);
  void updatePending(QueuedPod& entry, const kubeapi::PodPtr& pod);
  void wakeAfterPlaced(const ClusterCache::PlacedChange& change, const kubeapi::PodPtr& pod);
  [[nodiscard]] std::optional<std::uint32_t> profileOf(const kubeapi::Pod& pod) const;

  Context& context_;
  Binding& binding_;
  Evictions& evictions_;
  Preemption& preemption_;
  void mapProfiles();

  std::unordered_map<Symbol, std::uint32_t> profiles_;  // by scheduler name
  // Waiting pods of schedulers that are not ours, by uid. The objects are the watch's.
  std::unordered_map<Symbol, kubeapi::PodPtr> foreign_;
};

}  // namespace stowage::scheduling
