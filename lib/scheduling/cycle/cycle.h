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

namespace stowage::scheduling {

class Cycle {
 public:
  Cycle(Context& context, Reporter& reporter, Binding& binding)
      : context_(context), reporter_(reporter), binding_(binding) {}

  // Tries the next pod that is due; false when none is, or when binds must be waited for.
  bool runOne();

 private:
  void attempt(QueuedPod& entry, base::SteadyTime started);
  [[nodiscard]] std::optional<Refusal> refusalOf(const QueuedPod& entry) const;
  // Rejected by `rejectors`: waits for an event.
  void reject(QueuedPod& entry, AttemptResult result, const std::string& message,
              PluginSet rejectors, base::SteadyTime started);
  void isolate(const Symbol& uid, std::string_view what, base::SteadyTime started) noexcept;
  void setAside(QueuedPod& entry, std::string_view what, base::SteadyTime started);

  Context& context_;
  Reporter& reporter_;
  Binding& binding_;
};

}  // namespace stowage::scheduling
