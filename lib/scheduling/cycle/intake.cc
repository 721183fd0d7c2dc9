#include "scheduling/cycle/intake.h"

#include <utility>
#include <vector>

#include "base/log.h"
#include "scheduling/cycle/promised_room.h"
#include "scheduling/cycle/unsupported.h"

namespace stowage::scheduling {
namespace {

constexpr std::string_view kPodUpdate = "UnschedulablePodUpdate";
constexpr std::string_view kAssignedAdd = "AssignedPodAdd";
constexpr std::string_view kAssignedUpdate = "AssignedPodUpdate";
constexpr std::string_view kAssignedDelete = "AssignedPodDelete";

std::uint32_t kindsOf(const ClusterCache::NodeChange& change) {
  if (change.before == nullptr) return kNodeAdd;
  const kubeapi::Node& old = *change.before;
  const kubeapi::Node& now = *change.info->node;
  std::uint32_t kinds = 0;
  if (!(old.meta.labels == now.meta.labels)) kinds |= kNodeLabels;
  if (!(old.taints == now.taints) || old.unschedulable != now.unschedulable) kinds |= kNodeTaints;
  if (!(old.allocatable == now.allocatable)) kinds |= kNodeAllocatable;
  if (old.declared_features != now.declared_features) kinds |= kNodeFeatures;
  return kinds;
}

// Upstream counts an update of several properties under each; one of them is enough here.
std::string_view labelOf(std::uint32_t kinds) {
  if ((kinds & kNodeAdd) != 0) return "NodeAdd";
  if ((kinds & kNodeAllocatable) != 0) return "NodeUpdateNodeAllocatable";
  if ((kinds & kNodeTaints) != 0) return "NodeUpdateNodeTaint";
  if ((kinds & kNodeFeatures) != 0) return "NodeUpdateNodeDeclaredFeature";
  return "NodeUpdateNodeLabel";
}

// The API server raises the generation whenever the spec changes (pods: since 1.34).
bool specUnchanged(const kubeapi::Pod& a, const kubeapi::Pod& b) {
  return a.meta.generation > 0 && a.meta.generation == b.meta.generation;
}

}  // namespace

Intake::Intake(Context& context, Binding& binding, Evictions& evictions, Preemption& preemption)
    : context_(context), binding_(binding), evictions_(evictions), preemption_(preemption) {
  mapProfiles();
}

void Intake::mapProfiles() {
  profiles_.clear();
  Symbols names;
  for (std::uint32_t i = 0; i < context_.profiles.size(); ++i) {
    if (context_.profiles[i]->retired()) continue;
    const Symbol name(context_.profiles[i]->schedulerName());
    profiles_.emplace(name, i);
    names.insert(name);
  }
  preemption_.setOwnSchedulers(std::move(names));
}

void Intake::disown(const kubeapi::PodPtr& pod) { foreign_.insert_or_assign(pod->meta.uid, pod); }

void Intake::profilesChanged() {
  mapProfiles();
  std::vector<kubeapi::PodPtr> ours;
  std::erase_if(foreign_, [&](const auto& item) {
    if (!profileOf(*item.second)) return false;
    ours.push_back(item.second);
    return true;
  });
  for (const kubeapi::PodPtr& pod : ours) podSeen(pod);
}

std::optional<std::uint32_t> Intake::profileOf(const kubeapi::Pod& pod) const {
  const auto found = profiles_.find(pod.spec.scheduler_name);
  if (found == profiles_.end()) return std::nullopt;
  return found->second;
}

void Intake::podSeen(const kubeapi::PodPtr& pod) {
  if (pod == nullptr || pod->meta.uid.empty()) return;
  if (!foreign_.empty()) foreign_.erase(pod->meta.uid);
  if (kubeapi::isTerminal(*pod)) {
    podGone(pod);
  } else if (!pod->spec.node_name.empty()) {
    placed(pod);
  } else if (const auto profile = profileOf(*pod)) {
    pending(pod, *profile);
  } else if (!pod->meta.deletion_time) {
    disown(pod);
    promiseSeen(context_, pod);  // its scheduler has room in mind for it
  } else {
    promiseEnded(context_, pod, Symbol());
  }
}

void Intake::placed(const kubeapi::PodPtr& pod) {
  const Symbol& uid = pod->meta.uid;
  const CachedPod* known = context_.cache.find(uid);
  preemption_.podSeen(known == nullptr ? nullptr : known->pod.get(), *pod);
  const ClusterCache::PlacedChange change = context_.cache.setPlaced(pod);
  binding_.placedByWatch(uid);
  evictions_.placedByWatch(*pod);
  promiseEnded(context_, pod, pod->spec.node_name);
  if (QueuedPod* entry = context_.queue.find(uid)) dropFromQueue(context_, *entry);
  if (change.what == ClusterCache::Placed::kMoved) {
    base::log().warn(
        "a pod is on another node than expected; the watch is right",
        {{"pod", kubeapi::objectKey(pod->meta)}, {"node", pod->spec.node_name.view()}});
  }
  wakeAfterPlaced(change, pod);
}

void Intake::wakeAfterPlaced(const ClusterCache::PlacedChange& change, const kubeapi::PodPtr& pod) {
  using Placed = ClusterCache::Placed;
  if (change.what == Placed::kMoved) {
    wakeAfterPodLeft(context_, change.roomier, *change.before, kubeapi::hostPorts(*pod),
                     kAssignedDelete);
  } else if (change.roomier != nullptr) {
    wakeAfterPodShrank(context_, *change.roomier, kAssignedUpdate);
  }
  ClusterEvent event;
  event.pod_after = pod.get();
  if (change.what != Placed::kUpdated) {
    event.kinds = kPodPlaced;
    event.label = kAssignedAdd;
  } else if (change.labels_changed) {
    event.kinds = kPodLabels;
    event.label = kAssignedUpdate;
    event.pod_before = change.before.get();
  } else {
    return;
  }
  wakePods(context_, event);
}

void Intake::pending(const kubeapi::PodPtr& pod, std::uint32_t profile) {
  // Placed or assumed: an event from before that, or the echo of our own writes.
  const bool decided = context_.cache.find(pod->meta.uid) != nullptr;
  if (pod->meta.deletion_time) {
    promiseEnded(context_, pod, Symbol());
  } else if (!decided) {
    promiseSeen(context_, pod);
  }
  QueuedPod* entry = context_.queue.find(pod->meta.uid);
  if (entry != nullptr) {
    updatePending(*entry, pod);
    return;
  }
  if (decided || pod->meta.deletion_time) return;
  const ShapeId shape = context_.profiles[profile]->acquireShape(*pod);
  context_.queue.add(pod, profile, shape);
}

void Intake::updatePending(QueuedPod& entry, const kubeapi::PodPtr& pod) {
  const kubeapi::PodPtr old = entry.pod;
  if (old == pod) return;
  const bool same_labels = old->meta.labels == pod->meta.labels;
  if (specUnchanged(*old, *pod)) {
    context_.queue.replacePod(entry, pod);
    if (!same_labels) context_.queue.wake(entry, kPodUpdate);
    return;
  }
  ProfileRunner& profile = *context_.profiles[entry.profile];
  const ShapeId shape = profile.acquireShape(*pod);
  const bool same_shape = shape == entry.shape;
  profile.shapes().release(entry.shape);
  entry.shape = shape;
  const auto before = unsupportedFeature(*old);
  const auto now = unsupportedFeature(*pod);
  const bool same_refusal =
      before.has_value() == now.has_value() && (!now || now->message == before->message);
  context_.queue.replacePod(entry, pod);
  if (!same_shape || !same_labels || !same_refusal) {
    entry.faults = 0;
    context_.queue.wake(entry, kPodUpdate);
  }
}

void Intake::podGone(const kubeapi::PodPtr& last_known) {
  if (last_known == nullptr) return;
  const Symbol uid = last_known->meta.uid;
  if (!foreign_.empty()) foreign_.erase(uid);
  binding_.goneByWatch(uid);
  evictions_.goneByWatch(uid);
  promiseEnded(context_, last_known, Symbol());
  if (QueuedPod* entry = context_.queue.find(uid)) dropFromQueue(context_, *entry);
  const ClusterCache::Left left = context_.cache.remove(uid);
  if (!left.found) return;
  wakeAfterPodLeft(context_, left.node, *left.pod, left.ports, kAssignedDelete);
  if (left.node != nullptr) wakePromised(context_, left.node->name);
}

void Intake::nodeSeen(const kubeapi::NodePtr& node) {
  if (node == nullptr || node->meta.name.empty()) return;
  const ClusterCache::NodeChange change = context_.cache.setNode(node);
  if (!change.changed) return;
  if (change.resource_appeared) {
    for (const auto& profile : context_.profiles) profile->resourceAppeared();
  }
  binding_.volumes().nodeChanged(node->meta.name);
  const NodeView view = context_.cache.view(*change.info);
  ClusterEvent event;
  event.kinds = kindsOf(change);
  event.label = labelOf(event.kinds);
  event.node = &view;
  event.old_node = change.before.get();
  event.old_allocatable = change.allocatable_before;
  if (event.kinds != 0) wakePods(context_, event);
}

void Intake::nodeGone(const kubeapi::NodePtr& last_known) {
  const Symbol& name = last_known->meta.name;
  const bool known = context_.cache.removeNode(name);
  if (known) wakePromised(context_, name);
  binding_.volumes().nodeChanged(name);
  if (!known) return;
  ClusterEvent event;
  event.kinds = kNodeGone;
  event.label = "NodeDelete";
  event.old_node = last_known.get();
  wakePods(context_, event);
}

void Intake::namespaceSeen(const kubeapi::NamespacePtr& ns) {
  if (ns == nullptr) return;
  if (!context_.cache.setNamespace(ns)) return;
  ClusterEvent event;
  event.kinds = kNamespaceLabels;
  event.label = "NamespaceUpdate";
  wakePods(context_, event);
}

void Intake::namespaceGone(const Symbol& name) { context_.cache.removeNamespace(name); }

// Upstream waits for the five-minute flush here.
void Intake::workloadSeen(const WorkloadChange& change) {
  if (!context_.cache.workloads().apply(change)) return;
  static const PluginSet spreading = bitOf(pluginId("PodTopologySpread"));
  context_.queue.wakeWhere("WorkloadUpdate", [](const QueuedPod& entry) {
    return (entry.rejectors & spreading) != 0 && entry.pod->spec.spread.empty();
  });
}

void Intake::budgetsKnown(bool known) {
  if (preemption_.budgets().known() == known) return;
  preemption_.budgets().setKnown(known);
  if (!known) return;
  // Pods that could have preempted somebody were told to wait.
  context_.queue.wakeWhere("PodDisruptionBudgetAdd", [](const QueuedPod& entry) {
    return (entry.rejectors & kQuarantineRejector) == 0;
  });
}

}  // namespace stowage::scheduling
