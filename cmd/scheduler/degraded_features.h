// DegradedFeatures: what the scheduler cannot do because the API server does not give it a resource
// (no right to it, not served): a line of /readyz?verbose, a metric, and one event each time.
// Everything else goes on. Thread safe. Ownership: health and recorder outlive it.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/metric_sink.h"
#include "k8sclient/events/event_recorder.h"
#include "serving/health.h"

namespace stowage::scheduler_cmd {

class DegradedFeatures {
 public:
  // Events are about `regarding` and come from `controller` on `host`.
  DegradedFeatures(serving::HealthRegistry& health, k8sclient::EventRecorder& recorder,
                   base::MetricSink& metrics, k8sclient::ObjectReference regarding,
                   std::string controller, const std::string& host);

  // The server refuses a resource, given by its plural name, with these words; "" when it gives it
  // again.
  void resourceRefused(const std::string& resource, const std::string& why);

 private:
  struct Feature {
    std::string name;
    std::string lost;  // what does not work
    base::Gauge* degraded = nullptr;
    bool off = false;  // guarded by mutex_
  };
  void tell(k8sclient::EventType type, const char* reason, std::string note);

  serving::HealthRegistry& health_;
  k8sclient::EventRecorder& recorder_;
  const k8sclient::ObjectReference regarding_;
  const std::string controller_;
  const std::string instance_;
  std::mutex mutex_;
  std::map<std::string, Feature> by_resource_;
};

}  // namespace stowage::scheduler_cmd
