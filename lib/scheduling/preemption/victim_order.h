// Which of two pods is the greater loss. Pure.
// Source: kube-scheduler pkg/scheduler/util/utils.go (MoreImportantPod, GetPodStartTime), v1.36.3.
#pragma once

#include "base/clock.h"
#include "kubeapi/pod.h"

namespace stowage::scheduling {

// When the pod began to run. A pod that has not begun counts as younger than all that have:
// upstream puts the present time in its place.
base::WallTime startOf(const kubeapi::Pod& pod);

// Higher priority first, then the one that runs longer. Pods that are equal in both are told apart
// by uid, so that the same cluster always gives the same victims (upstream's sort is not stable).
bool moreImportant(const kubeapi::Pod& a, const kubeapi::Pod& b);

}  // namespace stowage::scheduling
