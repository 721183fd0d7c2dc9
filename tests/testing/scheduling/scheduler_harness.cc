#include "testing/scheduling/scheduler_harness.h"

#include <algorithm>

namespace stowage::testing {

using scheduling::BindOutcome;

SchedulerHarness::SchedulerHarness(const HarnessOptions& options) {
  scheduling::SchedulerOptions scheduler_options;
  scheduler_options.profiles = {options.profile};
  scheduler_options.pod_initial_backoff = options.initial_backoff;
  scheduler_options.pod_max_backoff = options.max_backoff;
  scheduler_options.verify_caches = true;
  scheduler_options.extenders = options.extenders;
  scheduling::SchedulerPorts ports;
  ports.binder = &binder;
  ports.status_writer = &status;
  ports.events = &events;
  ports.volumes = &volumes;
  ports.extenders = &extenders;
  ports.traces = &traces;
  ports.reader = options.with_reader ? &reader : nullptr;
  if (options.preemption) ports.evictor = &evictor;
  scheduler = std::make_unique<scheduling::Scheduler>(scheduler_options, ports, clock, metrics);
  if (options.preemption) scheduler->budgetsKnown();
}

int SchedulerHarness::settle() {
  int attempts = 0;
  while (attempts < 100000 && scheduler->scheduleOne()) ++attempts;
  return attempts;
}

void SchedulerHarness::advance(base::Duration step) {
  clock.advance(step);
  scheduler->runTimers();
}

void SchedulerHarness::answerBind(std::size_t index, BindOutcome outcome,
                                  const std::string& message) {
  scheduler->bindFinished(binder.requests.at(index), outcome, message);
}

void SchedulerHarness::confirmAll() {
  for (; answered_ < binder.requests.size(); ++answered_) {
    const scheduling::BindRequest request = binder.requests[answered_];
    scheduler->bindFinished(request, BindOutcome::kBound, "");
    for (const kubeapi::PodPtr& pod : pods_) {
      if (pod->meta.uid == request.pod.uid) {
        update(boundCopy(pod, request.node));
        break;
      }
    }
  }
}

kubeapi::PodPtr SchedulerHarness::seen(std::string_view pod_name) const {
  const auto found = std::find_if(pods_.begin(), pods_.end(), [&](const kubeapi::PodPtr& pod) {
    return pod->meta.name.view() == pod_name;
  });
  return found == pods_.end() ? nullptr : *found;
}

std::string SchedulerHarness::boundTo(std::string_view pod_name) const {
  for (auto it = binder.requests.rbegin(); it != binder.requests.rend(); ++it) {
    if (it->pod.name.view() == pod_name) return it->node.str();
  }
  return "";
}

std::vector<std::string> SchedulerHarness::notes(std::string_view reason) const {
  std::vector<std::string> found;
  for (const auto& event : events.events) {
    if (event.reason == reason) found.push_back(event.note);
  }
  return found;
}

std::string SchedulerHarness::lastCondition() const {
  return status.patches.empty() ? "" : status.patches.back().message;
}

void SchedulerHarness::add(const kubeapi::PodPtr& pod) {
  pods_.push_back(pod);
  scheduler->podAdded(pod);
}

void SchedulerHarness::update(const kubeapi::PodPtr& pod) {
  const auto known = std::find_if(pods_.begin(), pods_.end(), [&](const kubeapi::PodPtr& each) {
    return each->meta.uid == pod->meta.uid;
  });
  const kubeapi::PodPtr old = known == pods_.end() ? nullptr : *known;
  if (known != pods_.end()) *known = pod;
  scheduler->podUpdated(old, pod);
}

kubeapi::PodPtr boundCopy(const kubeapi::PodPtr& pod, base::Symbol node) {
  kubeapi::Pod copy = *pod;
  copy.spec.node_name = std::move(node);
  copy.status.phase = "Running";
  return std::make_shared<const kubeapi::Pod>(std::move(copy));
}

}  // namespace stowage::testing
