#include "kubeapi/member_pod.h"

#include <algorithm>
#include <chrono>

namespace stowage::kubeapi {

namespace {

const Condition* readyCondition(const MemberPod& pod) {
  static const Symbol kReady("Ready");
  return findCondition(pod.conditions, kReady);
}

}  // namespace

bool isReady(const MemberPod& pod) {
  if (pod.phase.view() != "Running") return false;
  const Condition* ready = readyCondition(pod);
  return ready != nullptr && ready->status.view() == "True";
}

bool isTerminal(const MemberPod& pod) {
  return pod.phase.view() == "Succeeded" || pod.phase.view() == "Failed";
}

bool isAvailable(const MemberPod& pod, std::int32_t seconds, WallTime now) {
  if (!isReady(pod)) return false;
  if (seconds <= 0) return true;
  const Condition* ready = readyCondition(pod);
  // From `now` on this side: a time that somebody wrote may be any.
  return ready->last_transition_time &&
         *ready->last_transition_time <= now - std::chrono::seconds(seconds);
}

}  // namespace stowage::kubeapi
