#include "scheduling/cycle/reporter.h"

#include "scheduling/cycle/context.h"

namespace stowage::scheduling {
namespace {

std::string keyOf(const Symbol& ns, const Symbol& name) { return ns.str() + "/" + name.str(); }

}  // namespace

void Reporter::scheduled(const BindRequest& request, std::string_view resource_version,
                         const std::string& scheduler_name) {
  if (ports_.events == nullptr) return;
  PodEvent event;
  event.reason = "Scheduled";
  event.action = "Binding";
  event.note = "Successfully assigned " + keyOf(request.pod.ns, request.pod.name) + " to " +
               request.node.str();
  event.pod = request.pod;
  event.resource_version = resource_version;
  event.reporting_controller = scheduler_name;
  ports_.events->record(event);
}

void Reporter::warn(const kubeapi::Pod& pod, const std::string& note,
                    const std::string& scheduler_name) {
  if (ports_.events == nullptr) return;
  PodEvent event;
  event.warning = true;
  event.reason = "FailedScheduling";
  event.action = "Scheduling";
  event.note = note;
  event.pod = refOf(pod);
  event.resource_version = pod.meta.resource_version;
  event.reporting_controller = scheduler_name;
  ports_.events->record(event);
}

void Reporter::skippedDeleting(const kubeapi::Pod& pod, const std::string& scheduler_name) {
  warn(pod, "skip schedule deleting pod: " + keyOf(pod.meta.ns, pod.meta.name), scheduler_name);
}

void Reporter::failed(const kubeapi::Pod& pod, std::string_view reason, const std::string& message,
                      const std::string& scheduler_name) {
  static const Symbol type("PodScheduled");
  static const Symbol no("False");
  warn(pod, message, scheduler_name);
  if (ports_.status_writer == nullptr) return;
  const kubeapi::Condition* known = kubeapi::findCondition(pod.status.conditions, type);
  const bool same_status = known != nullptr && known->status == no;
  if (same_status && known->reason == reason && known->message == message &&
      known->observed_generation == pod.meta.generation) {
    return;
  }
  PodStatusPatch patch;
  patch.pod = refOf(pod);
  patch.condition_type = type.str();
  patch.status = no.str();
  patch.reason = reason;
  patch.message = message;
  patch.observed_generation = pod.meta.generation;
  patch.last_transition_time =
      same_status && known->last_transition_time ? *known->last_transition_time : clock_.wallNow();
  ports_.status_writer->patchStatus(patch);
}

}  // namespace stowage::scheduling
