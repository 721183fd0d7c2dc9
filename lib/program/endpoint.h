// Endpoint: what a program serves over HTTPS: health open, the rest (/metrics, /metrics/slis,
// /configz, /debug/flags/v and what the program adds) behind a token with the right. Thread safety:
// set up, start() and stop() from one owner; health() from any thread. Ownership: api, clock and
// metrics outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "k8sclient/rest/api_client.h"
#include "program/common_options.h"
#include "serving/access_review.h"
#include "serving/health.h"
#include "serving/https_server.h"
#include "serving/metrics_registry.h"

namespace stowage::program {

class Endpoint {
 public:
  // `configz`: gives the configuration in use, as YAML; called from any thread.
  Endpoint(const CommonOptions& common, std::function<std::string()> configz,
           k8sclient::ApiClient& api, base::Clock& clock, serving::MetricsRegistry& metrics);

  // Beside what every program serves; see HttpsServer::handle. Nothing happens for port 0.
  void serve(const std::string& path, serving::HttpHandler handler);

  // An error says what to do (a port that is taken names the flag); nothing is served for port 0.
  base::Status start();
  void stop();
  [[nodiscard]] serving::HealthRegistry& health() { return health_; }

 private:
  serving::HealthRegistry health_;
  serving::ApiAccessReviewer reviewer_;
  std::unique_ptr<serving::HttpsServer> server_;  // null: port 0
};

}  // namespace stowage::program
