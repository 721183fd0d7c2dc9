// Counsel: the questions of one attempt to extenders, and what their answers mean for it. Each
// step either knows the answer, or parks the pod until it is there (consultations.h).
// Single-threaded.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "scheduling/cycle/attempt.h"
#include "scheduling/cycle/context.h"
#include "scheduling/extenders/consultations.h"
#include "scheduling/extenders/extender_advice.h"
#include "scheduling/preemption/choose_candidate.h"

namespace stowage::scheduling {

class Counsel {
 public:
  Counsel(Context& context, Consultations& consultations)
      : context_(context), consultations_(consultations) {}

  struct Step {
    enum class State {
      kKnown,   // go on
      kParked,  // the attempt ends here and goes on when the answer is there
      kFailed,  // the attempt fails with `error`
    } state = State::kKnown;
    std::string error;
  };

  // Whether filtering extenders allow the node that was promised to the pod. What goes wrong there
  // is a no: all nodes are looked at next.
  Step promised(const QueuedPod& entry, placement::NodeIndex node, base::SteadyTime started,
                bool& allowed);
  // Which nodes extenders allow and how they score them. Leaves `advice` alone when the pod
  // concerns none of them, or no node is feasible.
  Step nodes(const QueuedPod& entry, const Attempt& attempt, std::span<const NodeVerdict> withheld,
             base::SteadyTime started, std::optional<ExtenderAdvice>& advice);
  // Which candidates of a preemption extenders leave, and with which victims.
  Step candidates(const QueuedPod& entry, std::vector<Candidate>& candidates,
                  base::SteadyTime started);

  // Something happened in the cluster since this pod's extenders were asked.
  [[nodiscard]] bool overtaken(const Symbol& uid) const;

 private:
  using About = Consultations::About;
  Step ask(const QueuedPod& entry, About about, ExtenderQuestion question,
           base::SteadyTime started);
  Step take(const kubeapi::Pod& preemptor, const ExtenderAnswer& answer,
            std::vector<Candidate>& candidates) const;

  Context& context_;
  Consultations& consultations_;
};

}  // namespace stowage::scheduling
