#include "statefulgroup/reconcile/step_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "statefulgroup/labels.h"
#include "statefulgroup/reconcile/live_objects.h"
#include "statefulgroup/reconcile/member_inputs.h"
#include "statefulgroup/render/owned_meta.h"

namespace stowage::statefulgroup {

namespace {

using End = StepResult::End;
using Json = nlohmann::json;

std::string labelPatch(std::string_view key, const Json& value) {
  return Json{{"metadata", {{"labels", {{std::string(key), value}}}}}}.dump();
}

}  // namespace

StepRunner::StepRunner(const Observed& observed, const Names& names, const Targets& targets,
                       const RevisionHistory& history, GroupWrites& writes, const PassPorts& ports,
                       base::WallTime now)
    : observed_(observed),
      group_(*observed.group),
      names_(names),
      targets_(targets),
      history_(history),
      writes_(writes),
      ports_(ports),
      hooks_(*observed.group, writes, ports, now),
      now_(now) {}

StepResult StepRunner::run(const Action& action) {
  StepResult result =
      std::visit([&](const auto& step) { return carryOut(step, action.reason); }, action.step);
  ports_.tally.count(action.step, result.end);
  return result;
}

void StepRunner::tell(bool warning, const char* reason, const char* action, std::string pod,
                      std::string note) {
  ports_.events.record(group_, {warning, reason, action, std::move(note), std::move(pod)});
}

StepResult StepRunner::nameTaken(const char* kind, const std::string& name,
                                 const std::string& owner) {
  std::string note = fmt::format("{} {} is there already and belongs to {}", kind, name, owner);
  tell(true, "NameConflict", "Creating", name, note);
  return {End::kTaken, std::move(note)};
}

// ---- making a member

StepResult StepRunner::carryOut(const CreateMember& step, const std::string& reason) {
  const Revision* revision = history_.find(step.revision.view());
  if (revision == nullptr)
    return {End::kFailed, fmt::format("revision {} is not there", step.revision.view())};
  StepResult made = createClaims(step.replica);
  if (made.end != End::kDone) return made;
  made = createPod(step, *revision);
  if (made.end == End::kDone)
    tell(false, "SuccessfulCreate", "Creating", names_.pod(step.replica),
         fmt::format("created pod {}: {}", names_.pod(step.replica), reason));
  return made;
}

StepResult StepRunner::createPod(const CreateMember& step, const Revision& revision) {
  const std::string name = names_.pod(step.replica);
  const std::string pod = renderPod(inputsOf(group_, names_, revision, step.replica, step.slot));
  const Answer answer = writes_.create(Resource::kPods, name, pod);
  if (answer.code == base::Code::kAlreadyExists) return takeOverPod(name, step.replica);
  if (!answer.ok())
    tell(true, "FailedCreate", "Creating", name,
         fmt::format("could not create pod {}: {}", name, answer.message));
  return resultOf(answer);
}

// A pod of that name that the caches do not show: ours made a moment ago or with its labels taken
// off, one that a StatefulSet was made to leave behind, or somebody's.
StepResult StepRunner::takeOverPod(const std::string& name, Replica replica) {
  const auto pod = decode<kubeapi::MemberPod>(writes_.get(Resource::kPods, name));
  if (pod == nullptr) return {End::kStale, "pod " + name + " cannot be read"};
  const bool ours = isOwnedBy(pod->meta, group_);
  if (controllerOf(pod->meta) != nullptr && !ours)
    return nameTaken("pod", name, ownerText(pod->meta));
  if (pod->meta.deletion_time) return {End::kDenied, fmt::format("pod {} is terminating", name)};
  const Symbol* label = pod->meta.labels.find(kGroupUidLabel);
  if (ours && label != nullptr && *label == group_.meta.uid) return {End::kStale, {}};
  const bool of_statefulset =
      pod->meta.labels.find("statefulset.kubernetes.io/pod-name") != nullptr;
  if (!ours && !(of_statefulset && group_.spec.naming == kubeapi::group::Naming::kStatefulSet))
    return nameTaken("pod", name, "nobody");
  StepResult result;
  if (liveGroup(result) == nullptr) return result;
  Json patch = {{"metadata", {{"labels", identityLabels(group_, replica)}}}};
  if (!ours)
    patch["metadata"]["ownerReferences"] =
        Json::array({ownerReference(group_.meta, Ownership::kController)});
  result = resultOf(writes_.patch(Resource::kPods, name, fenceOf(pod->meta), patch.dump()));
  if (result.end == End::kDone)
    tell(false, "SuccessfulAdopt", "Adopting", name, fmt::format("took over pod {}", name));
  return result;
}

StepResult StepRunner::carryOut(const AdoptPod& step, const std::string& reason) {
  StepResult result;
  if (liveGroup(result) == nullptr) return result;
  // Its labels may name the uid of a group that was there before: budgets and Services select by
  // it.
  const Json patch = {
      {"metadata",
       {{"labels", identityLabels(group_, step.replica)},
        {"ownerReferences", Json::array({ownerReference(group_.meta, Ownership::kController)})}}}};
  const std::string name = step.pod->meta.name.str();
  result = resultOf(writes_.patch(Resource::kPods, name, fenceOf(step.pod->meta), patch.dump()));
  if (result.end == End::kDone)
    tell(false, "SuccessfulAdopt", "Adopting", name,
         fmt::format("adopted pod {}: {}", name, reason));
  return result;
}

// ---- taking a pod away

StepResult StepRunner::carryOut(const RemovePod& step, const std::string& reason) {
  const std::string name = step.pod->meta.name.str();
  Fence fence = fenceOf(step.pod->meta);
  if (step.voluntary) {
    const bool for_good = step.operation && step.operation->kind == OperationKind::kScaleIn;
    if (StepResult check = checkFloor(step.replica, for_good); check.end != End::kDone)
      return check;
  }
  if (step.operation) {
    const Operation& operation = *step.operation;
    if (StepResult written = writeRecord(*step.pod, operation, fence); written.end != End::kDone)
      return written;
    if (step.voluntary) {
      const StepResult ready = askBefore(step.replica, *step.pod, operation);
      if (ready.end != End::kDone) return ready;
    }
  }
  const Answer answer = step.removal == Removal::kEvict
                            ? writes_.evict(name, fence)
                            : writes_.remove(Resource::kPods, name, fence);
  if (step.removal == Removal::kEvict) ports_.tally.evicted(answer);
  StepResult result = resultOf(answer);
  if (result.end == End::kDone) {
    // The budget has the pod's name now, and its successor waits until it has not.
    if (step.removal == Removal::kEvict)
      writes_.awaitSight(Resource::kBudgets, names_.budget(step.replica.shard));
    tell(false, "SuccessfulDelete", step.removal == Removal::kEvict ? "Evicting" : "Deleting", name,
         fmt::format("{} pod {}: {}", step.removal == Removal::kEvict ? "evicted" : "deleted", name,
                     reason));
  } else if (result.end == End::kDenied) {
    ports_.tally.denied(Tally::Guard::kBudget);
    tell(false, "QuorumGuardDenied", "Evicting", name,
         fmt::format("pod {} stays for now: {}", name, answer.message));
  } else if (result.end == End::kFailed) {
    tell(true, "FailedDelete", "Deleting", name,
         fmt::format("could not remove pod {}: {}", name, answer.message));
  }
  return result;
}

StepResult StepRunner::carryOut(const ClearOperation& step, const std::string& /*reason*/) {
  return resultOf(writes_.patch(Resource::kPods, step.pod->meta.name.str(), fenceOf(step.pod->meta),
                                annotationPatch(kOperationAnnotation, nullptr)));
}

StepResult StepRunner::carryOut(const SetSlot& step, const std::string& /*reason*/) {
  return resultOf(writes_.patch(Resource::kPods, step.pod->meta.name.str(), fenceOf(step.pod->meta),
                                labelPatch(kSlotLabel, std::to_string(step.slot))));
}

StepResult StepRunner::carryOut(const SetCounts& step, const std::string& /*reason*/) {
  const Json counts = {{std::string(kShardsAnnotation), std::to_string(group_.spec.shards)},
                       {std::string(kReplicasAnnotation), std::to_string(group_.spec.replicas)}};
  return resultOf(writes_.patch(Resource::kPods, step.pod->meta.name.str(), fenceOf(step.pod->meta),
                                Json{{"metadata", {{"annotations", counts}}}}.dump()));
}

StepResult StepRunner::carryOut(const AskMember& step, const std::string& /*reason*/) {
  StepResult asked = hooks_.afterStart(*step.pod, step.verb);
  if (asked.end != End::kDone) return asked;
  const std::string name = step.pod->meta.name.str();
  const bool join = step.verb == HookVerb::kJoin;
  StepResult result = resultOf(
      writes_.patch(Resource::kPods, name, fenceOf(step.pod->meta),
                    annotationPatch(join ? kJoinedAnnotation : kCaughtUpAnnotation, "true")));
  if (result.end == End::kDone && join)
    tell(false, "MemberJoined", "Joining", name, name + " is a member of its shard");
  return result;
}

StepResult StepRunner::carryOut(const SetRole& step, const std::string& /*reason*/) {
  const std::string role = step.role.role.str();
  Json patch = {{"metadata", {{"labels", {{std::string(kRoleLabel), nullptr}}}}}};
  if (!role.empty()) patch["metadata"]["labels"][std::string(kRoleLabel)] = role;
  if (step.role.term != 0)
    patch["metadata"]["annotations"] = {
        {std::string(kTermAnnotation), std::to_string(step.role.term)}};
  return resultOf(writes_.patch(Resource::kPods, step.pod->meta.name.str(), fenceOf(step.pod->meta),
                                patch.dump()));
}

kubeapi::StatefulGroupPtr StepRunner::liveGroup(StepResult& result) {
  const Answer answer = writes_.get(Resource::kGroups, group_.meta.name.str());
  auto live = decode<kubeapi::StatefulGroup>(answer);
  if (live == nullptr) {
    result = answer.ok() ? StepResult{End::kFailed, "the group cannot be read"} : resultOf(answer);
  } else if (!(live->meta.uid == group_.meta.uid) || live->meta.deletion_time) {
    result = {End::kStale, "the group is not what it was"};
    live = nullptr;
  }
  return live;
}

}  // namespace stowage::statefulgroup
