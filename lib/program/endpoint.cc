#include "program/endpoint.h"

#include <utility>

#include "base/log.h"

namespace stowage::program {

Endpoint::Endpoint(const CommonOptions& common, std::string configz, k8sclient::ApiClient& api,
                   base::Clock& clock, serving::MetricsRegistry& metrics)
    : reviewer_(api) {
  if (common.secure_port == 0) return;
  serving::ServingOptions options;
  options.bind_address = common.bind_address;
  options.port = static_cast<std::uint16_t>(common.secure_port);
  options.tls_cert_file = common.tls_cert_file;
  options.tls_key_file = common.tls_key_file;
  server_ = std::make_unique<serving::HttpsServer>(std::move(options), health_, reviewer_, clock,
                                                   metrics);
  server_->handle("/metrics", serving::metricsHandler(metrics));
  server_->handle("/metrics/slis", serving::metricsHandler(health_.slis()));
  server_->handle("/configz", [text = std::move(configz)](const auto&) {
    return serving::HttpReply{200, "application/yaml", text};
  });
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
