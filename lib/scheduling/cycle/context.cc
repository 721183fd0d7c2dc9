#include "scheduling/cycle/context.h"

#include <unordered_map>

namespace stowage::scheduling {
void wakePods(Context& context, const ClusterEvent& event) {
  ++context.events;
  // Pods come to nodes all the time; only pods that peer filters rejected can be helped by that.
  if ((event.kinds & ~(kPodPlaced | kPodLabels | kNamespaceLabels)) == 0) {
    PluginSet peers = kExtenderRejector;
    for (const auto& profile : context.profiles) peers |= profile->peerFilters();
    if ((context.queue.waitingFor() & peers) == 0) return;
  }
  std::vector<std::unordered_map<ShapeId, PluginSet>> asked(context.profiles.size());
  HintObserver* const observer = context.metrics.framework().hintObserver();
  // Whether a plugin that rejected the pod says so; node-local ones say the same of a whole shape.
  const auto helps = [&](const QueuedPod& entry) {
    const ProfileRunner& profile = *context.profiles[entry.profile];
    const auto [at, is_new] = asked[entry.profile].try_emplace(entry.shape, 0);
    if (is_new) at->second = profile.shapeWakers(entry.shape, event, observer);
    if ((entry.rejectors & at->second) != 0) return true;
    if ((entry.rejectors & profile.peerFilters()) == 0) return false;
    return (entry.rejectors & profile.peerWakers(*entry.pod, event)) != 0;
  };
  context.queue.wakeWhere(event.label, [&](const QueuedPod& entry) {
    if ((entry.rejectors & kQuarantineRejector) != 0) return false;
    if (entry.pod->spec.priority > event.highest_priority) return false;
    if ((entry.rejectors & kExtenderRejector) != 0) return true;
    if ((event.kinds & kNodeAdd) != 0 && (entry.rejectors & kNoNodesRejector) != 0) return true;
    if ((event.kinds & kStorageBack) != 0) return (entry.rejectors & kStorageRejector) != 0;
    return helps(entry);
  });
}

void wakeAfterPodLeft(Context& context, const NodeInfo* node, const kubeapi::Pod& pod,
                      const std::vector<kubeapi::HostPort>& ports, std::string_view label) {
  ClusterEvent event;
  event.kinds = kPodGone;
  event.label = label;
  event.freed = &ports;
  event.pod_before = &pod;
  if (node == nullptr || node->node == nullptr) {
    wakePods(context, event);
    return;
  }
  const NodeView view = context.cache.view(*node);
  event.node = &view;
  wakePods(context, event);
}

void wakeAfterPodShrank(Context& context, const NodeInfo& node, std::string_view label) {
  const NodeView view = context.cache.view(node);
  const std::vector<kubeapi::HostPort> none;
  ClusterEvent event;
  event.kinds = kPodGone;
  event.label = label;
  event.freed = &none;
  event.node = &view;
  wakePods(context, event);
}

void uncountRejectors(Context& context, QueuedPod& entry) {
  if (entry.counted != 0) context.metrics.rejectedBy(entry.profile, entry.counted, -1);
  entry.counted = 0;
}

void dropFromQueue(Context& context, QueuedPod& entry) {
  uncountRejectors(context, entry);
  const std::uint32_t profile = entry.profile;
  const ShapeId shape = entry.shape;
  context.queue.erase(entry);
  context.profiles[profile]->shapes().release(shape);
}

PodRef refOf(const kubeapi::Pod& pod) { return {pod.meta.ns, pod.meta.name, pod.meta.uid}; }

}  // namespace stowage::scheduling
