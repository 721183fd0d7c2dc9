// Cycle: one pod from the head of the queue to a bind or back into the queue. An exception while
// handling a pod is that pod's failure alone. Single-threaded.
// Source of the semantics: kube-scheduler schedule_one.go, v1.36.3.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scheduling/cycle/binding.h"
#include "scheduling/cycle/context.h"
#include "scheduling/cycle/reporter.h"
#include "scheduling/cycle/unsupported.h"
#include "scheduling/preemption/evictions.h"
#include "scheduling/preemption/preemption.h"

namespace stowage::scheduling {

class Cycle {
 public:
  Cycle(Context& context, Reporter& reporter, Binding& binding, Evictions& evictions,
        Preemption& preemption)
      : context_(context),
        reporter_(reporter),
        binding_(binding),
        evictions_(evictions),
        preemption_(preemption) {}

  // Tries the next pod that is due; false when none is, or when binds must be waited for.
  bool runOne();

 private:
  void attempt(QueuedPod& entry, base::SteadyTime started);
  [[nodiscard]] std::optional<Refusal> refusalOf(const QueuedPod& entry) const;
  void place(QueuedPod& entry, const Attempt& attempt, base::SteadyTime started);
  placement::NodeIndex promisedNode(ProfileRunner& profile, const Attempt& attempt);
  void preempt(QueuedPod& entry, const ProfileRunner::Explanation& why,
               const Preemption::Outcome& outcome, base::SteadyTime started);
  // Rejected by `rejectors`: waits for an event. `clear_promise`: room promised to it is given up.
  void reject(QueuedPod& entry, AttemptResult result, const std::string& message,
              PluginSet rejectors, base::SteadyTime started, bool clear_promise = true);
  void sleep(QueuedPod& entry, PluginSet rejectors);
  void isolate(const Symbol& uid, std::string_view what, base::SteadyTime started) noexcept;
  void setAside(QueuedPod& entry, std::string_view what, base::SteadyTime started);

  Context& context_;
  Reporter& reporter_;
  Binding& binding_;
  Evictions& evictions_;
  Preemption& preemption_;
};

}  // namespace stowage::scheduling
