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
#include "scheduling/extenders/consultations.h"
#include "scheduling/extenders/counsel.h"
#include "scheduling/preemption/evictions.h"
#include "scheduling/preemption/preemption.h"

namespace stowage::scheduling {

class Cycle {
 public:
  Cycle(Context& context, Reporter& reporter, Binding& binding, Evictions& evictions,
        Preemption& preemption, Consultations& consultations)
      : context_(context),
        reporter_(reporter),
        binding_(binding),
        evictions_(evictions),
        preemption_(preemption),
        consultations_(consultations),
        counsel_(context, consultations) {}

  // Tries the next pod that is due; false when none is, or when binds must be waited for.
  bool runOne();

 private:
  QueuedPod* nextPod(base::SteadyTime& started);
  void attempt(QueuedPod& entry, base::SteadyTime started);
  // The attempt is over, and no bind is under way.
  void ended(const QueuedPod& entry, AttemptResult result, std::string_view message,
             base::SteadyTime started);
  [[nodiscard]] std::optional<Refusal> refusalOf(const QueuedPod& entry) const;
  void place(QueuedPod& entry, const Attempt& attempt, base::SteadyTime started);
  void chooseAmongAll(QueuedPod& entry, Attempt attempt, base::SteadyTime started);
  void decided(QueuedPod& entry, const placement::Choice& choice, base::SteadyTime started);
  void makeRoom(QueuedPod& entry, const Attempt& attempt, std::span<const NodeVerdict> withheld,
                base::SteadyTime started);
  // Whether the attempt ends here, for now or for good, by what extenders said or did not say yet.
  bool stopsHere(QueuedPod& entry, const Counsel::Step& step, base::SteadyTime started);
  placement::NodeIndex promisedNode(ProfileRunner& profile, const Attempt& attempt);
  void preempt(QueuedPod& entry, const ProfileRunner::Explanation& why,
               const Preemption::Outcome& outcome, base::SteadyTime started);
  // Rejected by `rejectors`: waits for an event. `clear_promise`: room promised to it is given up.
  void reject(QueuedPod& entry, AttemptResult result, const std::string& message,
              PluginSet rejectors, base::SteadyTime started, bool clear_promise = true);
  // Failed by an error: tried again after a pause.
  void fail(QueuedPod& entry, const std::string& message, base::SteadyTime started);
  void sleep(QueuedPod& entry, PluginSet rejectors);
  void isolate(const Symbol& uid, std::string_view what, base::SteadyTime started) noexcept;
  void setAside(QueuedPod& entry, std::string_view what, base::SteadyTime started);

  Context& context_;
  Reporter& reporter_;
  Binding& binding_;
  Evictions& evictions_;
  Preemption& preemption_;
  Consultations& consultations_;
  Counsel counsel_;
};

}  // namespace stowage::scheduling
