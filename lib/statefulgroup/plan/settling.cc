#include "statefulgroup/plan/settling.h"

#include <fmt/format.h>

#include <algorithm>

namespace stowage::statefulgroup {

using base::Symbol;
using kubeapi::Condition;
using kubeapi::MemberContainer;
using kubeapi::MemberContainerStatus;
using kubeapi::MemberPod;
using kubeapi::ResourceList;
using Kind = Settling::Kind;

namespace {

const MemberContainerStatus* statusOf(const MemberPod& pod, std::string_view container) {
  for (const auto* statuses : {&pod.container_statuses, &pod.init_container_statuses}) {
    const auto found = std::find_if(statuses->begin(), statuses->end(),
                                    [&](const auto& one) { return one.name.view() == container; });
    if (found != statuses->end()) return &*found;
  }
  return nullptr;
}

// Cpu and memory of the one are what the other says, where it says something.
bool has(const ResourceList& given, const ResourceList& wanted) {
  static const Symbol kNames[] = {Symbol("cpu"), Symbol("memory")};
  return std::all_of(std::begin(kNames), std::end(kNames), [&](const Symbol& name) {
    const kubeapi::Quantity* want = kubeapi::findResource(wanted, name);
    const kubeapi::Quantity* have = kubeapi::findResource(given, name);
    return want == nullptr || (have != nullptr && *have == *want);
  });
}

std::string reasonOf(const Condition& condition) {
  return condition.message.empty() ? condition.reason : condition.message;
}

Settling resizing(const MemberPod& pod) {
  if (const Condition* pending = kubeapi::findCondition(pod.conditions, "PodResizePending");
      pending != nullptr && pending->status == "True") {
    if (pending->reason == "Infeasible")
      return {Kind::kInfeasible, "its node will never have the resources: " + reasonOf(*pending)};
    return {Kind::kDeferred, "its node has no room for the resources now: " + reasonOf(*pending)};
  }
  const Condition* going = kubeapi::findCondition(pod.conditions, "PodResizeInProgress");
  if (going != nullptr && going->status == "True")
    return {Kind::kResizing, "its node changes its resources: " + reasonOf(*going)};
  const bool unseen = pod.observed_generation > 0 && pod.observed_generation < pod.meta.generation;
  for (const MemberContainer& container : pod.containers) {
    const MemberContainerStatus* status = statusOf(pod, container.name.view());
    const bool other = status != nullptr && status->has &&
                       !(has(status->has->requests, container.requests) &&
                         has(status->has->limits, container.limits));
    if (unseen || other)
      return {Kind::kResizing,
              fmt::format("its node has not changed it yet (container {})", container.name.view())};
  }
  return {};
}

// Another image under the name of the old one has another imageID; the same under another name is
// a new container all the same.
bool isAnother(const MemberContainerStatus& now, const ContainerMark& was) {
  return now.id != was.id || now.image_id != was.image_id || now.restarts != was.restarts;
}

Settling restarting(const MemberPod& pod, const ContainerMark& was, std::int32_t min_ready_seconds,
                    base::WallTime now) {
  const MemberContainerStatus* status = statusOf(pod, was.name);
  if (status == nullptr || !isAnother(*status, was))
    return {Kind::kRestarting, fmt::format("container {} has not been restarted yet", was.name)};
  if (!status->running_since) return {};  // whether it is ready the pod tells
  // The pod's condition may not have changed at all.
  const auto until = *status->running_since + std::chrono::seconds(min_ready_seconds);
  if (until <= now) return {};
  return {Kind::kRestarting, fmt::format("container {} has just been restarted", was.name),
          until - now};
}

}  // namespace

Settling settlingOf(const MemberPod& pod, const Operation& operation,
                    std::int32_t min_ready_seconds, base::WallTime now) {
  if (!isInPlace(operation.kind)) return {};
  for (const ContainerMark& was : operation.was) {
    Settling found = restarting(pod, was, min_ready_seconds, now);
    if (found.kind != Kind::kSettled) return found;
  }
  return resizing(pod);
}

}  // namespace stowage::statefulgroup
