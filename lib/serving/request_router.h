// RequestRouter: from one request to one reply: open endpoints, access decision, handlers.
// Thread safety: everything from any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/metric_sink.h"
#include "serving/access_gate.h"
#include "serving/health.h"
#include "serving/http_exchange.h"

namespace stowage::serving {

class RequestRouter {
 public:
  RequestRouter(HealthRegistry& health, AccessGate& gate, base::MetricSink& metrics)
      : health_(health), gate_(gate), metrics_(metrics) {
    metrics_.announce(requestsFamily());
  }

  void handle(const std::string& path, HttpHandler handler);
  void handlePut(const std::string& path, HttpHandler handler);
  void handlePost(const std::string& path, HttpHandler handler);
  // A GET that anybody may make.
  void handleOpen(const std::string& path, HttpHandler handler);
  // Never throws for what a client sends. `stop` ends reviews that are under way.
  HttpReply route(const HttpCall& call, const std::stop_token& stop);

 private:
  static const base::MetricFamily& requestsFamily();
  HttpReply routeOther(const HttpCall& call, const std::stop_token& stop, std::string& label);
  HttpReply routeHealth(const HttpCall& call) const;
  struct Handlers {
    using Handler = std::shared_ptr<const HttpHandler>;
    Handler get;
    Handler put;
    Handler post;
    Handler open;
    [[nodiscard]] const Handler& of(const std::string& method) const;
    [[nodiscard]] std::string allowed() const;  // for the header Allow
  };
  void set(const std::string& path, Handlers::Handler Handlers::* which, HttpHandler handler);
  std::optional<Handlers> find(const std::string& path) const;

  HealthRegistry& health_;
  AccessGate& gate_;
  base::MetricSink& metrics_;
  mutable std::mutex mutex_;
  std::map<std::string, Handlers> handlers_;
};

}  // namespace stowage::serving
