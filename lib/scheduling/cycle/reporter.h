// Reporter: what users see of a decision: events and the PodScheduled condition, in
// kube-scheduler's words. Single-threaded; writes through the ports. Source: kube-scheduler
// schedule_one.go (handleSchedulingFailure, bind), v1.36.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "scheduling/ports.h"
#include "scheduling/scheduler.h"

namespace stowage::scheduling {

class Reporter {
 public:
  Reporter(const SchedulerPorts& ports, base::Clock& clock) : ports_(ports), clock_(clock) {}

  // Event Scheduled.
  void scheduled(const BindRequest& request, std::string_view resource_version,
                 const std::string& scheduler_name);
  // The node that the pod waits for, while what it needs there is made ready.
  void expects(const BindRequest& request);
  // Event FailedScheduling, and the condition when it would change something. `reason` is
  // "Unschedulable" or "SchedulerError". `clear_nomination`: takes status.nominatedNodeName back.
  void failed(const kubeapi::Pod& pod, std::string_view reason, const std::string& message,
              const std::string& scheduler_name, bool clear_nomination = false);
  // The same for a pod of which expects() spoke: that is taken back.
  void failedExpected(const kubeapi::Pod& pod, std::string_view reason, const std::string& message,
                      const std::string& scheduler_name);
  // The same, but the condition is returned, with the nomination, for somebody else to write.
  PodStatusPatch failedWithNomination(const kubeapi::Pod& pod, const std::string& message,
                                      const std::string& scheduler_name, const Symbol& node);
  // Takes status.nominatedNodeName back, and says nothing else.
  void clearNomination(const kubeapi::Pod& pod);

  // The condition that a victim gets before it is deleted; nullopt when it has it.
  std::optional<PodStatusPatch> disruptionMark(const kubeapi::Pod& victim,
                                               const std::string& scheduler_name) const;
  // Event Preempted on the victim. `in_memory`: it was not bound yet and waits again.
  void preempted(const PodRef& victim, std::string_view resource_version, const PodRef& preemptor,
                 const Symbol& node, const std::string& scheduler_name, bool in_memory);
  // Event PreemptionLoop on the preemptor.
  void preemptionLoop(const kubeapi::Pod& preemptor, const kubeapi::Pod& victim, const Symbol& node,
                      std::uint32_t rounds, base::Duration pause,
                      const std::string& scheduler_name);
  // Event only: the pod is being deleted and is not tried.
  void skippedDeleting(const kubeapi::Pod& pod, const std::string& scheduler_name);

 private:
  void warn(const kubeapi::Pod& pod, const std::string& note, const std::string& scheduler_name);
  [[nodiscard]] PodStatusPatch conditionOf(const kubeapi::Pod& pod, std::string_view reason,
                                           const std::string& message, bool& changes) const;

  const SchedulerPorts& ports_;
  base::Clock& clock_;
};

}  // namespace stowage::scheduling
