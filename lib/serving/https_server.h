// HttpsServer: the one HTTPS port of a Stowage process. /livez, /readyz and /healthz are open, and
// what is opened by name; every other path needs a bearer token whose owner may "get" (or "put", or
// "post") that path (AccessGate), and is then answered by the handler given for it.
//
//   accepting thread: accept, TLS handshake, read the head of the request; never blocks on a peer
//   workers (few):    decide access, run the handler, send the answer; then the connection closes
//
// A slow or silent client costs one descriptor until its deadline; when too many are open, the
// oldest unfinished one goes. Thread safety: handle() and port() from any thread, start() and
// stop() from the owner's. Health, reviewer, clock and metrics must outlive the server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "serving/access_gate.h"
#include "serving/health.h"
#include "serving/http_exchange.h"
#include "serving/listener.h"
#include "serving/metrics_registry.h"

namespace stowage::serving {

struct ServingLimits {
  std::size_t open_connections = 256;                      // in handshake or sending a head
  std::size_t waiting_requests = 64;                       // complete, no worker free yet
  std::size_t workers = 8;                                 // twice the concurrent reviews
  std::size_t post_bytes = 0;                              // longest body of a POST; 0: no POST
  base::Duration request_time = std::chrono::seconds(10);  // from accept to the end of the head
  base::Duration answer_time = std::chrono::seconds(30);   // to take the answer
  base::Duration stop_grace = std::chrono::milliseconds(500);
  base::Duration certificate_check = std::chrono::seconds(5);
  AccessLimits access;
};

struct ServingOptions {
  std::string bind_address = "0.0.0.0";
  std::uint16_t port = 0;  // 0: a free one
  std::string tls_cert_file = {};
  std::string tls_key_file = {};
  bool tls13_only = false;
  ServingLimits limits = {};
  ListenFlags flags = {};
};

class HttpsServer {
 public:
  HttpsServer(ServingOptions options, HealthRegistry& health, AccessReviewer& reviewer,
              base::Clock& clock, base::MetricSink& metrics);
  // Stops.
  ~HttpsServer();
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;

  // Answers exactly `path`, for whoever has the right. Replaces an earlier handler. `path` should
  // be a constant of ours: it becomes a metric label. May be called before and after start().
  void handle(const std::string& path, HttpHandler handler);
  // The same for PUT; the body has at most HttpExchange::kMaxBodyBytes.
  void handlePut(const std::string& path, HttpHandler handler);
  // The same for POST; the body has at most ServingLimits::post_bytes.
  void handlePost(const std::string& path, HttpHandler handler);
  // Answers GET of `path` for anybody.
  void handleOpen(const std::string& path, HttpHandler handler);

  // Loads or makes the certificate, listens and starts the threads. Errors are one line for people.
  base::Status start();
  // The port in use; 0 before start().
  [[nodiscard]] std::uint16_t port() const;

  // Takes no more requests, lets answers leave for stop_grace, joins the threads: within a second.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// A handler for /metrics, in the form that the client asks for. The registry must outlive the
// server.
HttpHandler metricsHandler(const MetricsRegistry& registry);

}  // namespace stowage::serving
