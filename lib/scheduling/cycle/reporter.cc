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

void Reporter::expects(const BindRequest& request) {
  if (ports_.status_writer == nullptr) return;
  PodStatusPatch patch;
  patch.pod = request.pod;
  patch.nominated_node = request.node.str();
  ports_.status_writer->patchStatus(patch);
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

// `changes`: whether the server would see anything new in it.
PodStatusPatch Reporter::conditionOf(const kubeapi::Pod& pod, std::string_view reason,
                                     const std::string& message, bool& changes) const {
  static const Symbol type("PodScheduled");
  static const Symbol no("False");
  const kubeapi::Condition* known = kubeapi::findCondition(pod.status.conditions, type);
  const bool same_status = known != nullptr && known->status == no;
  changes = !same_status || known->reason != reason || known->message != message ||
            known->observed_generation != pod.meta.generation;
  PodStatusPatch patch;
  patch.pod = refOf(pod);
  patch.condition_type = type.str();
  patch.status = no.str();
  patch.reason = reason;
  patch.message = message;
  patch.observed_generation = pod.meta.generation;
  patch.last_transition_time =
      same_status && known->last_transition_time ? *known->last_transition_time : clock_.wallNow();
  return patch;
}

void Reporter::failed(const kubeapi::Pod& pod, std::string_view reason, const std::string& message,
                      const std::string& scheduler_name, bool clear_nomination) {
  warn(pod, message, scheduler_name);
  if (ports_.status_writer == nullptr) return;
  bool changes = false;
  PodStatusPatch patch = conditionOf(pod, reason, message, changes);
  if (clear_nomination && !pod.status.nominated_node.empty()) {
    patch.nominated_node.emplace();
    changes = true;
  }
  if (changes) ports_.status_writer->patchStatus(patch);
}

void Reporter::failedExpected(const kubeapi::Pod& pod, std::string_view reason,
                              const std::string& message, const std::string& scheduler_name) {
  warn(pod, message, scheduler_name);
  if (ports_.status_writer == nullptr) return;
  bool changes = false;
  PodStatusPatch patch = conditionOf(pod, reason, message, changes);
  patch.nominated_node.emplace();
  ports_.status_writer->patchStatus(patch);
}

PodStatusPatch Reporter::failedWithNomination(const kubeapi::Pod& pod, const std::string& message,
                                              const std::string& scheduler_name,
                                              const Symbol& node) {
  warn(pod, message, scheduler_name);
  bool changes = false;
  PodStatusPatch patch = conditionOf(pod, "Unschedulable", message, changes);
  patch.nominated_node = node.str();
  return patch;
}

void Reporter::clearNomination(const kubeapi::Pod& pod) {
  if (ports_.status_writer == nullptr) return;
  PodStatusPatch patch;
  patch.pod = refOf(pod);
  patch.nominated_node.emplace();
  ports_.status_writer->patchStatus(patch);
}

std::optional<PodStatusPatch> Reporter::disruptionMark(const kubeapi::Pod& victim,
                                                       const std::string& scheduler_name) const {
  static const Symbol type("DisruptionTarget");
  static const Symbol yes("True");
  PodStatusPatch mark;
  mark.pod = refOf(victim);
  mark.condition_type = type.str();
  mark.status = yes.str();
  mark.reason = "PreemptionByScheduler";
  mark.message = scheduler_name + ": preempting to accommodate a higher priority pod";
  mark.observed_generation = victim.meta.generation;
  const kubeapi::Condition* known = kubeapi::findCondition(victim.status.conditions, type);
  const bool same_status = known != nullptr && known->status == yes;
  if (same_status && known->reason == mark.reason && known->message == mark.message &&
      known->observed_generation == mark.observed_generation) {
    return std::nullopt;
  }
  mark.last_transition_time =
      same_status && known->last_transition_time ? *known->last_transition_time : clock_.wallNow();
  return mark;
}

void Reporter::preempted(const PodRef& victim, std::string_view resource_version,
                         const PodRef& preemptor, const Symbol& node,
                         const std::string& scheduler_name, bool in_memory) {
  if (ports_.events == nullptr) return;
  PodEvent event;
  event.reason = "Preempted";
  event.action = "Preempting";
  // Text: framework/preemption/executor.go.
  event.note = "Preempted by pod " + preemptor.uid.str() + " on node " + node.str();
  if (in_memory) event.note += " (in kube-scheduler memory).";
  event.pod = victim;
  event.related = preemptor;
  event.resource_version = resource_version;
  event.reporting_controller = scheduler_name;
  ports_.events->record(event);
}

void Reporter::preemptionLoop(const kubeapi::Pod& preemptor, const kubeapi::Pod& victim,
                              const Symbol& node, std::uint32_t rounds, base::Duration pause,
                              const std::string& scheduler_name) {
  if (ports_.events == nullptr) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(pause).count();
  PodEvent event;
  event.warning = true;
  event.reason = "PreemptionLoop";
  event.action = "Preempting";
  event.note = "Pods of scheduler " + victim.spec.scheduler_name.str() + " such as " +
               keyOf(victim.meta.ns, victim.meta.name) + " were preempted on node " + node.str() +
               " and the room was lost to them again, " + std::to_string(rounds) +
               " times in a row: that scheduler does not honour nominatedNodeName. Its pods of "
               "that owner are left alone for " +
               std::to_string(seconds) + " s";
  event.pod = refOf(preemptor);
  event.related = refOf(victim);
  event.resource_version = preemptor.meta.resource_version;
  event.reporting_controller = scheduler_name;
  ports_.events->record(event);
}

}  // namespace stowage::scheduling
