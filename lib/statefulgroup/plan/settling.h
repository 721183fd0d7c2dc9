// Settling: what a pod that is changed in place still lacks of what it was to become. The API
// server takes the change at once; the node carries it out later, and the pod may look as ready as
// before meanwhile. Pure. Sources: what pkg/kubelet/kubelet_pods.go (v1.36.3) reports of
// containers, and core/v1 types.go (v0.36.3) of the conditions PodResizePending and
// PodResizeInProgress.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "kubeapi/member_pod.h"
#include "statefulgroup/plan/operation.h"

namespace stowage::statefulgroup {

struct Settling {
  enum class Kind : std::uint8_t {
    kSettled,
    kRestarting,  // a container runs as it was, or is new for less than minReadySeconds
    kResizing,    // the node has not carried it out yet
    kDeferred,    // it has no room for it now
    kInfeasible,  // and never will have
  } kind = Kind::kSettled;
  std::string what = {};                          // for people
  std::optional<base::Duration> look_again = {};  // when time alone settles it

  // It may never come, and hurts nobody: the pod serves as it did.
  [[nodiscard]] bool isResize() const {
    return kind == Kind::kResizing || kind == Kind::kDeferred || kind == Kind::kInfeasible;
  }
};

Settling settlingOf(const kubeapi::MemberPod& pod, const Operation& operation,
                    std::int32_t min_ready_seconds, base::WallTime now);

}  // namespace stowage::statefulgroup
