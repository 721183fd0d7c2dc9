// RecordedSelfEvents: the scheduler's events about itself, as they would reach the API server. Not
// thread safe but for what SelfEvents is.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "base/clock.h"
#include "cmd/scheduler/self_events.h"
#include "k8sclient/events/event_recorder.h"
#include "testing/api/scripted_api_client.h"

namespace stowage::scheduler_cmd {

class RecordedSelfEvents {
 public:
  RecordedSelfEvents() {
    api_.otherwise([](const testing::AskedCall&, const std::stop_token&) { return "{}"; });
    recorder_.start();
  }
  SelfEvents& sink() { return events_; }
  // False when fewer were written within ten seconds.
  bool waitFor(std::size_t count) { return api_.waitForCalls(count); }
  // What was written, once the recorder has nothing left to do; the last call.
  std::vector<nlohmann::json> written() {
    recorder_.stop(std::chrono::seconds(10));
    std::vector<nlohmann::json> out;
    for (const auto& call : api_.calls()) out.push_back(nlohmann::json::parse(call.body));
    return out;
  }

 private:
  base::SystemClock clock_;
  testing::ScriptedApiClient api_;
  k8sclient::EventRecorder recorder_{{}, api_, clock_, 1, base::nullMetricSink()};
  SelfEvents events_{
      recorder_,
      {"Lease", "coordination.k8s.io/v1", "kube-system", "stowage-scheduler", "", ""},
      "stowage-scheduler",
      "host"};
};

}  // namespace stowage::scheduler_cmd
