#include "scheduling/preemption/evictions.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "scheduling/cycle/promised_room.h"

namespace stowage::scheduling {
namespace {

constexpr std::string_view kAssignedDelete = "AssignedPodDelete";

std::string keyOf(const PodRef& pod) { return pod.ns.str() + "/" + pod.name.str(); }

}  // namespace

bool Evictions::start(QueuedPod& entry, const Symbol& node,
                      const std::vector<kubeapi::PodPtr>& victims, const PodStatusPatch& patch) {
  const kubeapi::PodPtr pod = entry.pod;
  if (!context_.ports.evictor->nominate(patch)) return false;
  Flight flight;
  flight.preemptor = refOf(*pod);
  flight.profile = entry.profile;
  flight.node = node;
  for (const kubeapi::PodPtr& victim : victims) flight.victims.push_back(refOf(*victim));
  flights_.insert_or_assign(pod->meta.uid, std::move(flight));
  context_.queue.hold(entry);
  promise(context_, pod, node);
  clearLesserPromises(*pod, node);
  return true;
}

// Pods of ours with a lower priority that were promised room there look for other places sooner
// that way than by waiting. Promises of other schedulers are theirs to take back.
void Evictions::clearLesserPromises(const kubeapi::Pod& preemptor, const Symbol& node) {
  const std::vector<kubeapi::PodPtr> promised = context_.nominator.on(node);
  for (const kubeapi::PodPtr& pod : promised) {
    if (pod->spec.priority >= preemptor.spec.priority) continue;
    QueuedPod* entry = context_.queue.find(pod->meta.uid);
    if (entry == nullptr || entry->held) continue;
    promise(context_, pod, Symbol());
    reporter_.clearNomination(*pod);
    context_.queue.wake(*entry, kAssignedDelete);
  }
}

void Evictions::nominationFinished(const PodRef& pod, WriteOutcome outcome,
                                   const std::string& message) {
  const auto found = flights_.find(pod.uid);
  if (found == flights_.end() || !found->second.nominating) return;
  Flight& flight = found->second;
  flight.nominating = false;
  if (outcome == WriteOutcome::kDone) {
    evictAll(flight);
  } else {
    flight.failure = message.empty() ? "the nomination could not be written" : message;
  }
  if (flight.open == 0) finish(pod.uid);
}

// The cluster went on while the nomination was written.
bool Evictions::fitsAlready(const Flight& flight) const {
  const QueuedPod* entry = context_.queue.find(flight.preemptor.uid);
  const placement::NodeIndex node = context_.cache.state().findNode(flight.node);
  if (entry == nullptr || node == placement::kNoNode) return false;
  const Attempt attempt{*entry->pod, entry->shape};
  return checkBesidePromised(context_, *context_.profiles[flight.profile], attempt, node).fit ==
         placement::Fit::kFits;
}

void Evictions::evictAll(Flight& flight) {
  const QueuedPod* entry = context_.queue.find(flight.preemptor.uid);
  if (entry == nullptr || entry->pod->meta.deletion_time) return;
  if (context_.cache.state().findNode(flight.node) == placement::kNoNode) {
    flight.failure = "the node is gone";
    return;
  }
  if (fitsAlready(flight)) return;
  std::size_t calls = 0;
  for (const PodRef& victim : flight.victims) {
    const std::size_t open = flight.open;
    evict(flight, victim);
    calls += flight.open - open;
  }
  if (calls > 0) context_.metrics.preempted(flight.victims.size());
}

void Evictions::evict(Flight& flight, const PodRef& victim) {
  const CachedPod* known = context_.cache.find(victim.uid);
  if (known == nullptr || !(known->node->name == flight.node)) return;  // left by itself
  const kubeapi::PodPtr pod = known->pod;
  if (pod->meta.deletion_time || doomed(victim.uid)) return;  // is leaving
  const std::string& name = context_.profiles[flight.profile]->schedulerName();
  if (binding_.takeBack(victim.uid)) {
    reporter_.preempted(victim, pod->meta.resource_version, flight.preemptor, flight.node, name,
                        true);
    return;
  }
  Eviction eviction{victim, flight.preemptor, reporter_.disruptionMark(*pod, name)};
  if (context_.ports.evictor->evict(eviction)) {
    ++flight.open;
  } else {
    flight.failure = "too many calls wait for the API server";
  }
}

void Evictions::evictionFinished(const Eviction& eviction, WriteOutcome outcome,
                                 const std::string& message) {
  const auto found = flights_.find(eviction.preemptor.uid);
  if (found == flights_.end() || found->second.open == 0) return;
  Flight& flight = found->second;
  if (outcome == WriteOutcome::kDone) {
    const CachedPod* known = context_.cache.find(eviction.victim.uid);
    if (known != nullptr && !known->pod->meta.deletion_time) doomed_.insert(eviction.victim.uid);
    reporter_.preempted(
        eviction.victim, known == nullptr ? std::string() : known->pod->meta.resource_version,
        flight.preemptor, flight.node, context_.profiles[flight.profile]->schedulerName(), false);
  } else if (outcome == WriteOutcome::kFailed) {
    flight.failure = keyOf(eviction.victim) + ": " + message;
  }
  if (--flight.open == 0) finish(eviction.preemptor.uid);
}

void Evictions::placedByWatch(const kubeapi::Pod& pod) {
  settledByWatch(pod.meta.uid);
  if (pod.meta.deletion_time) doomed_.erase(pod.meta.uid);
}

void Evictions::goneByWatch(const Symbol& uid) {
  settledByWatch(uid);
  doomed_.erase(uid);
}

void Evictions::settledByWatch(const Symbol& uid) {
  const auto found = flights_.find(uid);
  // Deletions that were sent are answered; a nomination that comes back finds nothing.
  if (found != flights_.end() && found->second.nominating) flights_.erase(found);
}

void Evictions::finish(const Symbol& uid) {
  const auto found = flights_.find(uid);
  const Flight flight = std::move(found->second);
  flights_.erase(found);
  QueuedPod* entry = context_.queue.find(uid);
  if (entry == nullptr || !entry->held) return;
  if (!flight.failure.empty()) {
    giveUp(*entry, flight);
    return;
  }
  context_.queue.release(*entry);
  // Events of victims that left early found the preemptor held.
  const bool all_left =
      std::none_of(flight.victims.begin(), flight.victims.end(), [&](const PodRef& victim) {
        const CachedPod* known = context_.cache.find(victim.uid);
        return known != nullptr && known->node->name == flight.node;
      });
  if (all_left || fitsAlready(flight)) context_.queue.wake(*entry, kAssignedDelete);
}

void Evictions::giveUp(QueuedPod& entry, const Flight& flight) {
  base::log().warn(
      "a preemption failed",
      {{"pod", keyOf(flight.preemptor)}, {"node", flight.node.view()}, {"error", flight.failure}});
  context_.metrics.preemptionFailed();
  const kubeapi::PodPtr pod = entry.pod;
  promise(context_, pod, Symbol());
  reporter_.clearNomination(*pod);
  context_.queue.release(entry);
  uncountRejectors(context_, entry);
  context_.queue.addAfterError(entry);
}

}  // namespace stowage::scheduling
