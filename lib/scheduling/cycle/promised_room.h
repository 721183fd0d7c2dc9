// Promised room: how nominations (queue/nominator.h) bear on decisions. A node on which pods of the
// same or a higher priority were promised room must take the pod beside them and without them.
// Single-threaded. Source of the semantics: kube-scheduler framework/runtime/framework.go
// (RunFilterPluginsWithNominatedPods) and eventhandlers.go, v1.36.3.
#pragma once

#include <vector>

#include "placement/verdict.h"
#include "scheduling/cycle/attempt.h"
#include "scheduling/cycle/context.h"

namespace stowage::scheduling {

// A promise of ours, or with the empty node the end of one.
void promise(Context& context, const kubeapi::PodPtr& pod, const Symbol& node);
// A waiting pod of any scheduler as the watch shows it.
void promiseSeen(Context& context, const kubeapi::PodPtr& pod);
// The pod was placed on that node, or is gone ("").
void promiseEnded(Context& context, const kubeapi::PodPtr& pod, const Symbol& placed_on);

// A pod left the node, or the node left: pods of ours that were promised room there have nothing to
// wait for once no victim is leaving it any more. They try again even when it is still too small.
void wakePromised(Context& context, const Symbol& node);
// Whether some scheduler is evicting the pod to make room for another one.
const kubeapi::Condition* preemptedBySomebody(const kubeapi::Pod& pod);

// The verdict of all filters for the node as it is now, beside promised pods and without them.
placement::Verdict checkBesidePromised(Context& context, ProfileRunner& profile,
                                       const Attempt& attempt, placement::NodeIndex node);

// The nodes that promises keep from this pod, by ascending slot, with the verdict beside them.
std::vector<NodeVerdict> withheldNodes(Context& context, ProfileRunner& profile,
                                       const Attempt& attempt);

}  // namespace stowage::scheduling
