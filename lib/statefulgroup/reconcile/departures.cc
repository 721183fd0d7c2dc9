// StepRunner: what comes before a member is away of the operator's own will, for a while or for
// good.
#include <fmt/format.h>

#include "statefulgroup/labels.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/reconcile/live_objects.h"
#include "statefulgroup/reconcile/step_runner.h"

namespace stowage::statefulgroup {

namespace {

using End = StepResult::End;

}  // namespace

StepResult StepRunner::writeRecord(const kubeapi::MemberPod& pod, const Operation& operation,
                                   Fence& fence) {
  const std::string record = encodeOperation(operation);
  const Symbol* written = pod.meta.annotations.find(kOperationAnnotation);
  if (written != nullptr && written->view() == record) return {};
  const Answer answer = writes_.patch(Resource::kPods, pod.meta.name.str(), fence,
                                      annotationPatch(kOperationAnnotation, record));
  if (!answer.ok()) return resultOf(answer);
  if (const auto identity = identityOf(answer.body))
    fence.resource_version = identity->resource_version;
  return {};
}

StepResult StepRunner::askBefore(Replica replica, const kubeapi::MemberPod& pod,
                                 const Operation& operation) {
  StepResult ready =
      hooks_.before({replica, pod, operation}, viewShards(observed_, names_, targets_, now_));
  if (ready.end == End::kDenied) ports_.tally.denied(Tally::Guard::kHook);
  return ready;
}

StepResult StepRunner::checkFloor(Replica replica, bool for_good) {
  StepResult check = checkLive(replica, for_good);
  if (check.end == End::kDenied) ports_.tally.denied(Tally::Guard::kFloor);
  return check;
}

// Budgets judge neither deletions nor restarts, and let two of five go at once: the others of the
// shard are looked up one by one before one of them is taken away.
StepResult StepRunner::checkLive(Replica replica, bool for_good) {
  Observed live = observed_;
  for (kubeapi::MemberPodPtr& pod : live.pods) {
    const auto place = names_.replicaOf(pod->meta.name.view());
    if (!place || place->shard != replica.shard) continue;
    const auto now = decode<kubeapi::MemberPod>(writes_.get(Resource::kPods, pod->meta.name.str()));
    if (now == nullptr || !(now->meta.uid == pod->meta.uid))
      return {End::kStale, fmt::format("pod {} has changed", pod->meta.name.view())};
    pod = now;
  }
  for (const ShardView& shard : viewShards(live, names_, targets_, now_)) {
    if (shard.index != replica.shard || !shard.wanted) continue;
    for (const Member& member : shard.members) {
      if (!(member.replica == replica)) {
        if (member.state == MemberState::kTerminating)
          return {End::kStale, fmt::format("{} is terminating", names_.pod(member.replica))};
        continue;
      }
      const bool may =
          for_good ? mayLeave(shard, member, group_.spec) : maySpare(shard, member, group_.spec);
      if (!may) return {End::kDenied, "the other members of the shard have changed"};
    }
  }
  return {};
}

}  // namespace stowage::statefulgroup
