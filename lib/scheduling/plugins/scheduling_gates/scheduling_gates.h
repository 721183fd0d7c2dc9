// SchedulingGates: a pod with gates is not tried. Pure.
// Source: kube-scheduler plugins/schedulinggates/scheduling_gates.go, v1.36.3.
#pragma once

#include "kubeapi/pod.h"

namespace stowage::scheduling {

inline bool isGated(const kubeapi::Pod& pod) { return !pod.spec.scheduling_gates.empty(); }

}  // namespace stowage::scheduling
