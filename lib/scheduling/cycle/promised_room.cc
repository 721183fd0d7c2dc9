#include "scheduling/cycle/promised_room.h"

#include <algorithm>

#include "scheduling/cache/trial.h"

namespace stowage::scheduling {
namespace {

using placement::Fit;
using placement::NodeIndex;
using placement::Verdict;

constexpr std::string_view kAssignedDelete = "AssignedPodDelete";

// Whether the attempt must leave room for that pod.
bool yieldsTo(const kubeapi::Pod& pod, const kubeapi::Pod& promised) {
  return promised.spec.priority >= pod.spec.priority && !(promised.meta.uid == pod.meta.uid);
}

bool yieldsToAny(const kubeapi::Pod& pod, const std::vector<kubeapi::PodPtr>& promised) {
  return std::any_of(promised.begin(), promised.end(),
                     [&](const auto& each) { return yieldsTo(pod, *each); });
}

Verdict checkWithPromised(Context& context, ProfileRunner& profile, const Attempt& attempt,
                          NodeIndex node, const std::vector<kubeapi::PodPtr>& promised) {
  Trial trial(context.cache);
  for (const kubeapi::PodPtr& pod : promised) {
    if (yieldsTo(attempt.pod, *pod)) trial.putOn(pod, node);
  }
  return profile.checkNow(attempt, node);
}

// Pods of the same or a lower priority left that room alone: it is theirs now.
void wakeAfterPromise(Context& context, const kubeapi::Pod& pod, const Symbol& node) {
  const NodeIndex index = node.empty() ? placement::kNoNode : context.cache.state().findNode(node);
  if (index == placement::kNoNode) return;
  const std::vector<kubeapi::HostPort> ports = kubeapi::hostPorts(pod);
  const NodeView view = context.cache.view(context.cache.nodeAt(index));
  ClusterEvent event;
  event.kinds = kPodGone;
  event.label = kAssignedDelete;
  event.node = &view;
  event.freed = &ports;
  event.pod_before = &pod;
  event.highest_priority = pod.spec.priority;
  wakePods(context, event);
}

}  // namespace

void promise(Context& context, const kubeapi::PodPtr& pod, const Symbol& node) {
  wakeAfterPromise(context, *pod, context.nominator.decide(pod, node));
}

void promiseSeen(Context& context, const kubeapi::PodPtr& pod) {
  wakeAfterPromise(context, *pod, context.nominator.observe(pod));
}

void promiseEnded(Context& context, const kubeapi::PodPtr& pod, const Symbol& placed_on) {
  const Symbol node = context.nominator.forget(pod->meta.uid);
  if (!(node == placed_on)) wakeAfterPromise(context, *pod, node);
}

const kubeapi::Condition* preemptedBySomebody(const kubeapi::Pod& pod) {
  static const Symbol type("DisruptionTarget");
  static const Symbol yes("True");
  const kubeapi::Condition* condition = kubeapi::findCondition(pod.status.conditions, type);
  if (condition == nullptr || !(condition->status == yes)) return nullptr;
  return condition->reason == "PreemptionByScheduler" ? condition : nullptr;
}

void wakePromised(Context& context, const Symbol& node) {
  const std::vector<kubeapi::PodPtr> promised = context.nominator.on(node);
  if (promised.empty()) return;
  const NodeIndex index = context.cache.state().findNode(node);
  if (index != placement::kNoNode) {
    const auto& pods = context.cache.nodeAt(index).pods;
    const bool leaving = std::any_of(pods.begin(), pods.end(), [](const CachedPod* each) {
      return each->pod->meta.deletion_time && preemptedBySomebody(*each->pod) != nullptr;
    });
    if (leaving) return;
  }
  for (const kubeapi::PodPtr& pod : promised) {
    QueuedPod* entry = context.queue.find(pod->meta.uid);
    if (entry != nullptr) context.queue.wake(*entry, kAssignedDelete);
  }
}

Verdict checkBesidePromised(Context& context, ProfileRunner& profile, const Attempt& attempt,
                            NodeIndex node) {
  const auto& promised = context.nominator.on(context.cache.nodeAt(node).name);
  if (yieldsToAny(attempt.pod, promised)) {
    const Verdict beside = checkWithPromised(context, profile, attempt, node, promised);
    if (beside.fit != Fit::kFits) return beside;
  }
  return profile.checkNow(attempt, node);
}

std::vector<NodeVerdict> withheldNodes(Context& context, ProfileRunner& profile,
                                       const Attempt& attempt) {
  std::vector<NodeVerdict> withheld;
  for (const auto& [name, promised] : context.nominator.nodes()) {
    const NodeIndex node = context.cache.state().findNode(name);
    if (node == placement::kNoNode || !yieldsToAny(attempt.pod, promised)) continue;
    const Verdict beside = checkWithPromised(context, profile, attempt, node, promised);
    if (beside.fit != Fit::kFits) withheld.push_back({node, beside});
  }
  std::sort(withheld.begin(), withheld.end(),
            [](const NodeVerdict& a, const NodeVerdict& b) { return a.node < b.node; });
  return withheld;
}

}  // namespace stowage::scheduling
