// DegradedFeatures: what the scheduler cannot do because the API server does not give it a resource
// (no right to it, not served): a line of /readyz?verbose, a metric, and one event each time.
// Everything else goes on. Thread safe. Ownership: health and events outlive it.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/metric_sink.h"
#include "cmd/scheduler/self_events.h"
#include "serving/health.h"

namespace stowage::scheduler_cmd {

class DegradedFeatures {
 public:
  DegradedFeatures(serving::HealthRegistry& health, SelfEvents& events, base::MetricSink& metrics);

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

  serving::HealthRegistry& health_;
  SelfEvents& events_;
  std::mutex mutex_;
  std::map<std::string, Feature> by_resource_;
};

}  // namespace stowage::scheduler_cmd
