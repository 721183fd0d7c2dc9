// Reporter: what users see of a decision: events and the PodScheduled condition, in
// kube-scheduler's words. Single-threaded; writes through the ports. Source: kube-scheduler
// schedule_one.go (handleSchedulingFailure, bind), v1.36.3.
#pragma once

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
  // Event FailedScheduling, and the condition when it would change something. `reason` is
  // "Unschedulable" or "SchedulerError".
  void failed(const kubeapi::Pod& pod, std::string_view reason, const std::string& message,
              const std::string& scheduler_name);
  // Event only: the pod is being deleted and is not tried.
  void skippedDeleting(const kubeapi::Pod& pod, const std::string& scheduler_name);

 private:
  void warn(const kubeapi::Pod& pod, const std::string& note, const std::string& scheduler_name);

  const SchedulerPorts& ports_;
  base::Clock& clock_;
};

}  // namespace stowage::scheduling
