// StepRunner's step that gives a member another volume for one that cannot come back.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "statefulgroup/labels.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/reconcile/live_objects.h"
#include "statefulgroup/reconcile/lost_volume.h"
#include "statefulgroup/reconcile/step_runner.h"

namespace stowage::statefulgroup {

namespace {

using End = StepResult::End;
using kubeapi::PersistentVolumeClaim;
using kubeapi::group::Retention;
using kubeapi::group::VolumeLoss;

}  // namespace

// Invariant I4: on the API server's word alone, and while the others hold the shard. What was done
// when a pass ends anywhere is not done again: asking a member that left to leave is harmless, and
// a claim that is gone is not lost.
StepResult StepRunner::carryOut(const ReplaceVolumes& step, const std::string& /*reason*/) {
  std::vector<std::shared_ptr<const PersistentVolumeClaim>> lost;
  std::string why;
  for (const auto& seen : step.claims) {
    auto claim =
        decode<PersistentVolumeClaim>(writes_.get(Resource::kClaims, seen->meta.name.str()));
    if (claim == nullptr || !(claim->meta.uid == seen->meta.uid) || claim->meta.deletion_time)
      continue;
    std::string found = whyLost(*claim, writes_);
    if (found.empty()) continue;
    why = std::move(found);
    lost.push_back(std::move(claim));
  }
  if (lost.empty()) return {};
  StepResult result;
  const auto live = liveGroup(result);
  if (live == nullptr) return result;
  const std::vector<int> wanted = wantedOrdinals(live->spec, step.replica.shard);
  if (live->spec.recovery.volume_loss != VolumeLoss::kReplace ||
      live->spec.claim_retention.when_replaced != Retention::kDelete ||
      std::find(wanted.begin(), wanted.end(), step.replica.ordinal) == wanted.end())
    return {End::kStale, "the volume is not to be replaced any more"};
  if (StepResult check = checkFloor(step.replica, false); check.end != End::kDone) return check;

  const std::string pod = names_.pod(step.replica);
  auto gone = std::make_shared<kubeapi::MemberPod>();
  gone->meta.name = pod;
  const kubeapi::MemberPod& subject = step.pod ? *step.pod : *gone;
  const Operation operation{operationId(lost.front()->meta.uid, OperationKind::kReplace, {}),
                            OperationKind::kReplace,
                            {},
                            now_};
  result = hooks_.leaveInAbsence({step.replica, subject, operation},
                                 viewShards(observed_, names_, targets_, now_));
  if (result.end != End::kDone) return result;
  if (step.pod) {
    result = resultOf(writes_.remove(Resource::kPods, pod, fenceOf(step.pod->meta)));
    if (result.end != End::kDone) return result;
  }
  for (const auto& claim : lost) {
    const std::string name = claim->meta.name.str();
    result = resultOf(writes_.remove(Resource::kClaims, name, fenceOf(claim->meta)));
    if (result.end != End::kDone) return result;
    ports_.tally.replaced();
    tell(true, "ReplacementStarted", "Replacing", pod,
         fmt::format("claim {} is given up for a new one (volumeLoss is Replace): {}", name, why));
  }
  return {End::kStale, {}};
}

}  // namespace stowage::statefulgroup
