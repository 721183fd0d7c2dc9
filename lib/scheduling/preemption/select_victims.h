// selectVictims: the pods that must leave one node so that a pod fits there: as few and as
// unimportant as can be. Pure; the node is behind an interface.
// Source of the semantics: kube-scheduler plugins/defaultpreemption/default_preemption.go
// (SelectVictimsOnNode), v1.36.3.
#pragma once

#include <cstddef>
#include <vector>

#include "kubeapi/pod.h"
#include "scheduling/preemption/disruption_budgets.h"

namespace stowage::scheduling {

// One node on which pods are taken off and put back to see what the pod needs.
class WhatIf {
 public:
  virtual ~WhatIf() = default;
  virtual void takeOff(const kubeapi::PodPtr& victim) = 0;
  virtual void putBack(const kubeapi::PodPtr& victim) = 0;
  // Whether the pod fits the node as it stands now.
  virtual bool fits() = 0;
};

struct Victims {
  enum class Outcome {
    kFound,
    kNoneAllowed,  // no pod there may be evicted for this one
    kDoesNotFit,   // not even when all of them leave; they are off the node then
    kNoneNeeded,   // it fits as it is
  };
  Outcome outcome = Outcome::kNoneAllowed;
  std::vector<kubeapi::PodPtr> pods;  // most important first
  std::size_t violations = 0;         // of them, pods whose budget is overdrawn
};

// `evictable`: the pods of the node that may leave. The node is left without the victims.
Victims selectVictims(WhatIf& node, std::vector<kubeapi::PodPtr> evictable,
                      const DisruptionBudgets& budgets);

}  // namespace stowage::scheduling
