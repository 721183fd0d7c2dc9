#include "program/endpoint.h"

#include <charconv>
#include <string>
#include <utility>

#include "base/log.h"

namespace stowage::program {

namespace {

serving::HttpReply verbosityReply() {
  serving::HttpReply reply;
  reply.body = "verbosity is " + std::to_string(base::logVerbosity()) + "\n";
  return reply;
}

// As PUT /debug/flags/v of Kubernetes' servers (apiserver pkg/server/routes/flags.go, v0.36.3).
serving::HttpReply setVerbosity(const serving::HttpCall& call) {
  int wanted = 0;
  const char* end = call.body.data() + call.body.size();
  const auto [at, error] = std::from_chars(call.body.data(), end, wanted);
  if (error != std::errc() || at != end || wanted < 0 || wanted > kMaxVerbosity) {
    serving::HttpReply reply;
    reply.status = 400;
    reply.body = "the body must be a number from 0 to 10\n";
    return reply;
  }
  if (wanted != base::logVerbosity()) {
    base::setLogVerbosity(wanted);
    base::log().info("log verbosity changed", {{"verbosity", wanted}});
  }
  return verbosityReply();
}

}  // namespace

Endpoint::Endpoint(const CommonOptions& common, std::function<std::string()> configz,
                   k8sclient::ApiClient& api, base::Clock& clock, serving::MetricsRegistry& metrics)
    : reviewer_(api) {
  if (common.secure_port == 0) return;
  serving::ServingOptions options;
  options.bind_address = common.bind_address;
  options.port = static_cast<std::uint16_t>(common.secure_port);
  options.tls_cert_file = common.tls_cert_file;
  options.tls_key_file = common.tls_key_file;
  options.tls13_only = common.tls_min_version == "VersionTLS13";
  server_ = std::make_unique<serving::HttpsServer>(std::move(options), health_, reviewer_, clock,
                                                   metrics);
  server_->handle("/metrics", serving::metricsHandler(metrics));
  server_->handle("/metrics/slis", serving::metricsHandler(health_.slis()));
  server_->handle("/debug/flags/v", [](const auto&) { return verbosityReply(); });
  server_->handlePut("/debug/flags/v", setVerbosity);
  server_->handle("/configz", [configz = std::move(configz)](const auto&) {
    return serving::HttpReply{200, "application/yaml", configz()};
  });
}

void Endpoint::serve(const std::string& path, serving::HttpHandler handler) {
  if (server_ != nullptr) server_->handle(path, std::move(handler));
}

base::Status Endpoint::start() {
  if (server_ == nullptr) return {};
  if (base::Status started = server_->start(); !started.ok()) return started;
  base::log().info("serving", {{"port", server_->port()}});
  return {};
}

void Endpoint::stop() {
  if (server_ != nullptr) server_->stop();
}

}  // namespace stowage::program
