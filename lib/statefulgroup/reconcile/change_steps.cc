// StepRunner's steps that make a living pod one of another revision.
#include <fmt/format.h>

#include <utility>

#include "statefulgroup/json_value.h"
#include "statefulgroup/labels.h"
#include "statefulgroup/plan/shard_order.h"
#include "statefulgroup/reconcile/live_objects.h"
#include "statefulgroup/reconcile/member_inputs.h"
#include "statefulgroup/reconcile/step_runner.h"
#include "statefulgroup/render/in_place.h"

namespace stowage::statefulgroup {

namespace {

using End = StepResult::End;
using kubeapi::group::PodUpdatePolicy;

// Whether the patch gives that container another image.
bool changesImage(const Json& before, const Json& after, const std::string& name) {
  const auto imageIn = [&](const Json& containers) {
    for (const Json& container : containers) {
      if (textOf(container, "name") == name) return textOf(container, "image");
    }
    return std::string();
  };
  return imageIn(before) != imageIn(after);
}

// The containers that the patch restarts, as they are now.
std::vector<ContainerMark> marksOf(const kubeapi::MemberPod& pod, const Json& live,
                                   const Json& patch) {
  std::vector<ContainerMark> marks;
  const auto mark = [&](const char* list, const auto& statuses) {
    const Json::json_pointer place("/spec/" + std::string(list));
    if (!patch.contains(place) || !live.contains(place)) return;
    for (const Json& container : patch.at(place)) {
      const std::string name = textOf(container, "name");
      if (!changesImage(live.at(place), patch.at(place), name)) continue;
      ContainerMark& one = marks.emplace_back();
      one.name = name;
      for (const auto& status : statuses) {
        if (status.name == name) one = {name, status.id, status.image_id, status.restarts};
      }
    }
  };
  mark("containers", pod.container_statuses);
  mark("initContainers", pod.init_container_statuses);
  return marks;
}

// What is known of the pod changes together with what it runs: the record says from what, and what
// it had caught up with is to be asked anew.
std::string withRecord(const PodPatch& patch, Operation operation, const Answer& live) {
  Json body = Json::parse(patch.json);
  if (const auto pod = decode<kubeapi::MemberPod>(live); pod != nullptr)
    operation.was = marksOf(*pod, Json::parse(live.body), body);
  Json& annotations = body["metadata"]["annotations"];
  annotations[std::string(kOperationAnnotation)] = encodeOperation(operation);
  if (operation.kind == OperationKind::kInPlace)
    annotations[std::string(kCaughtUpAnnotation)] = nullptr;
  return body.dump();
}

}  // namespace

StepResult StepRunner::carryOut(const ChangePod& step, const std::string& reason) {
  if (!step.operation) return changeInPlace(step, reason);
  const bool restarts = step.voluntary && step.operation->kind == OperationKind::kInPlace;
  const Symbol* record = step.pod->meta.annotations.find(kOperationAnnotation);
  const bool recorded = record != nullptr && decodeOperation(record->view()) == step.operation;
  if (restarts) {
    if (StepResult check = checkFloor(step.replica, false); check.end != End::kDone) return check;
  }
  Fence fence = fenceOf(step.pod->meta);
  if (StepResult written = writeRecord(*step.pod, *step.operation, fence);
      written.end != End::kDone)
    return written;
  if (restarts) {
    // No eviction is asked: the budget is raised by the record, and has to be in force first.
    if (!recorded) return {End::kStale, "the budget is raised first"};
    const StepResult ready = askBefore(step.replica, *step.pod, *step.operation);
    if (ready.end != End::kDone) return ready;
  }
  return changeInPlace(step, reason);
}

StepResult StepRunner::changeInPlace(const ChangePod& step, const std::string& reason) {
  constexpr int kMaxWrites = 4;
  const Revision* from = history_.find(step.from.view());
  const Revision* to = history_.find(step.to.view());
  if (from == nullptr || to == nullptr) return {End::kStale, "a revision is not there any more"};
  const std::string name = step.pod->meta.name.str();
  const PodInputs inputs = inputsOf(group_, names_, *from, step.replica, slotOf(*step.pod));
  Answer live = writes_.get(Resource::kPods, name);
  for (int writes = 0; writes < kMaxWrites; ++writes) {
    if (!live.ok())
      return writes > 0 && step.operation ? changeRefused(step, live) : resultOf(live);
    // The patch is made from the living pod, and so fenced by its uid: that has to be the one
    // meant.
    const auto identity = identityOf(live.body);
    if (!identity || !(identity->uid == step.pod->meta.uid))
      return {End::kStale, fmt::format("pod {} is another one", name)};
    const auto patch = nextInPlacePatch(inputs, *to, live.body);
    if (!patch) return {End::kFailed, patch.error().message()};
    if (!*patch) {
      if (writes > 0) tell(false, "SuccessfulUpdate", "Updating", name, name + ": " + reason);
      return {};
    }
    const bool last = (*patch)->subresource.empty();
    const std::string body =
        step.operation && last ? withRecord(**patch, *step.operation, live) : (*patch)->json;
    live = writes_.patch(Resource::kPods, name, {}, body, (*patch)->subresource);
  }
  return {End::kFailed, "updating pod " + name + " in place comes to no end"};
}

// The API server, or who admits for it, does not take the change: the pod is made anew, which the
// record tells the next pass.
StepResult StepRunner::changeRefused(const ChangePod& step, const Answer& answer) {
  if (answer.code != base::Code::kInvalidArgument && answer.code != base::Code::kForbidden)
    return resultOf(answer);
  const std::string name = step.pod->meta.name.str();
  tell(true, "FailedUpdate", "Updating", name,
       fmt::format("pod {} cannot be updated in place: {}", name, answer.message));
  if (rollingUpdateOf(group_.spec).pod_update_policy == PodUpdatePolicy::kInPlaceOnly)
    return {End::kDenied, answer.message};
  const Operation anew{operationId(step.pod->meta.uid, OperationKind::kUpdate, step.to),
                       OperationKind::kUpdate, step.to, now_};
  const Answer written =
      writes_.patch(Resource::kPods, name, {step.pod->meta.uid, {}},
                    annotationPatch(kOperationAnnotation, encodeOperation(anew)));
  return written.ok() ? StepResult{End::kStale, {}} : resultOf(written);
}

}  // namespace stowage::statefulgroup
