// Foundation: what a server program stands on before it does anything of its own: time, metrics,
// connections to the cluster (one for the lease alone), events, the lease, the endpoint with its
// health checks. Thread safety: set up, start and stop from one thread; clock(), metrics(), api()
// and events() from any. Ownership: first member of the program's App, so that it outlives what
// uses it; what was started has to be stopped before it is destroyed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "k8sclient/config/client_config.h"
#include "k8sclient/events/event_recorder.h"
#include "k8sclient/lease/leader_election.h"
#include "k8sclient/rest/rest_api_client.h"
#include "program/common_options.h"
#include "program/endpoint.h"
#include "serving/metrics_registry.h"

namespace stowage::program {

class Foundation {
 public:
  explicit Foundation(const std::string& program);

  // Set up, in this order. Nothing is asked of the cluster yet; an error names the credential that
  // cannot be read.
  base::Status connect(const k8sclient::ClientConfig& config, k8sclient::RestOptions options);
  // `configz`: gives the configuration in use, as YAML; called from any thread.
  void prepareEndpoint(const CommonOptions& common, std::function<std::string()> configz);
  // After that: a path of the program's own, for whoever has the right to get it.
  void serve(const std::string& path, serving::HttpHandler handler) {
    endpoint_->serve(path, std::move(handler));
  }
  // "informer-sync-<resource>" for each, beside those that every program has.
  void addHealthChecks(const std::vector<std::string>& resources,
                       const std::function<base::Status(const std::string& resource)>& synced);

  // Competes for the lease from startElecting() on; `work` runs while this process leads.
  void elect(k8sclient::LeaseOptions lease, std::function<void(const std::stop_token&)> work,
             std::function<void()> on_lost);
  [[nodiscard]] bool elects() const { return elector_ != nullptr; }

  // Serves and sends events.
  base::Status start();
  void startElecting();
  // Not ready from now on; the work ends, the lease is given away.
  void stopElecting();
  // Events that are there leave; then nothing is served any more.
  void stop();

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  base::Clock& clock() { return clock_; }
  serving::MetricsRegistry& metrics() { return metrics_; }
  k8sclient::RestApiClient& api() { return *api_; }
  k8sclient::EventRecorder& events() { return *recorder_; }
  serving::HealthRegistry& health() { return endpoint_->health(); }

 private:
  const std::string program_;
  const std::uint64_t seed_;
  base::SystemClock clock_;
  serving::MetricsRegistry metrics_;
  std::unique_ptr<k8sclient::RestApiClient> api_;
  std::unique_ptr<k8sclient::RestApiClient> lease_api_;
  std::unique_ptr<k8sclient::EventRecorder> recorder_;
  std::unique_ptr<k8sclient::LeaderElector> elector_;
  std::unique_ptr<Endpoint> endpoint_;
  std::atomic<bool> stopping_{false};
  std::jthread elector_thread_;
};

}  // namespace stowage::program
