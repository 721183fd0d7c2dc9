#include "cmd/scheduler/extender_client.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "k8sclient/config/base64.h"
#include "k8sclient/config/client_config.h"
#include "k8sclient/transport/beast_transport.h"
#include "k8sclient/transport/server_url.h"

namespace stowage::scheduler_cmd {
namespace {

// Whole nodes come back from an extender without a cache, only names from others: the more that is
// read, the more memory a broken one takes while its answer is parsed.
constexpr std::size_t kLargestAnswer = std::size_t{64} << 20;
constexpr std::size_t kLargestOfNames = std::size_t{16} << 20;

// Data goes before the file, as upstream.
base::Status load(const std::string& field, const std::string& data, const std::string& file,
                  std::string& pem) {
  if (!data.empty()) {
    auto decoded = k8sclient::decodeBase64(data);
    if (!decoded) return {base::Code::kInvalidArgument, field + "Data: is no base64"};
    pem = std::move(*decoded);
    return {};
  }
  if (file.empty()) return {};
  auto text = k8sclient::readFile(file);
  if (!text) return text.error().withPrefix(field + "File");
  pem = std::move(*text);
  return {};
}

base::Status fill(const config::ExtenderConfig& config, const std::string& field,
                  k8sclient::Endpoint& endpoint) {
  const config::ExtenderTls& tls = config.tls;
  base::Status status = k8sclient::parseServerUrl(config.url_prefix, false, endpoint);
  if (!status.ok()) return status.withPrefix(field + ".urlPrefix");
  const std::string at = field + ".tlsConfig.";
  status = load(at + "ca", tls.ca_data, tls.ca_file, endpoint.ca_pem);
  if (status.ok()) {
    status = load(at + "cert", tls.cert_data, tls.cert_file, endpoint.client_cert_pem);
  }
  if (status.ok()) status = load(at + "key", tls.key_data, tls.key_file, endpoint.client_key_pem);
  endpoint.tls_server_name = tls.server_name;
  // enableHTTPS without a CA verifies nobody, as upstream.
  endpoint.insecure_skip_verify = tls.insecure || (config.enable_https && endpoint.ca_pem.empty());
  return status;
}

// What works, but perhaps not as meant.
void warn(const config::ExtenderConfig& config, const std::string& field,
          const k8sclient::Endpoint& endpoint) {
  const auto say = [&](const char* what) {
    base::log().warn(what, {{"field", field}, {"extender", config.url_prefix}});
  };
  if (endpoint.scheme == "http") {
    if (config.enable_https || !(config.tls == config::ExtenderTls())) {
      say("enableHTTPS and tlsConfig do nothing for an extender whose urlPrefix is http://: pods "
          "are sent to it unencrypted");
    }
  } else if (endpoint.insecure_skip_verify) {
    say("the certificate of this extender is not verified: give tlsConfig.caFile or caData");
  }
}

const base::MetricFamily& requestsFamily() {
  static const base::MetricFamily kFamily{
      base::MetricType::kCounter,
      "stowage_extender_requests_total",
      "Calls to HTTP extenders by HTTP status, <error> without one.",
      {"code", "extender", "verb"},
      {}};
  return kFamily;
}
const base::MetricFamily& durationsFamily() {
  static const base::MetricFamily kFamily{base::MetricType::kHistogram,
                                          "stowage_extender_request_duration_seconds",
                                          "Duration of calls to HTTP extenders.",
                                          {"extender", "verb"},
                                          base::exponentialBuckets(0.001, 2, 14)};
  return kFamily;
}

}  // namespace

void ExtenderClient::announceMetrics(base::MetricSink& metrics) {
  metrics.announce(requestsFamily());
  metrics.announce(durationsFamily());
}

base::Result<std::unique_ptr<ExtenderClient>> ExtenderClient::open(
    const config::ExtenderConfig& config, const std::string& field, base::Clock& clock,
    base::MetricSink& metrics) {
  k8sclient::Endpoint endpoint;
  if (base::Status status = fill(config, field, endpoint); !status.ok()) return base::fail(status);
  warn(config, field, endpoint);
  k8sclient::TransportOptions options;
  options.max_body = config.node_cache_capable ? kLargestOfNames : kLargestAnswer;
  auto transport = k8sclient::makeBeastTransport(endpoint, options);
  if (!transport) return base::fail(transport.error().withPrefix(field));
  return std::unique_ptr<ExtenderClient>(
      new ExtenderClient(config, std::move(*transport), clock, metrics));
}

void ExtenderClient::count(std::string_view verb, const std::string& code, base::Duration took) {
  const base::MetricLabels labels = {{"extender", config_.url_prefix}, {"verb", std::string(verb)}};
  base::MetricLabels with_code = labels;
  with_code.emplace_back("code", code);
  metrics_.counter(requestsFamily().name, requestsFamily().help, with_code).increment();
  metrics_
      .histogram(durationsFamily().name, durationsFamily().help, labels, durationsFamily().buckets)
      .observe(std::chrono::duration<double>(took).count());
}

tl::expected<std::string, ExtenderClient::Failure> ExtenderClient::post(
    std::string_view verb, std::string body, const std::stop_token& stop) {
  std::string prefix = config_.url_prefix;
  while (prefix.ends_with('/')) prefix.pop_back();
  const std::string url = fmt::format("{}/{}", prefix, verb);
  k8sclient::HttpRequest request;
  request.method = k8sclient::Method::kPost;
  request.target = fmt::format("/{}", verb);  // the transport knows the prefix
  request.content_type = "application/json";
  request.body = std::move(body);
  const base::SteadyTime start = clock_.now();
  auto answer = transport_->send(request, config_.http_timeout, stop);
  count(verb, answer ? std::to_string(answer->status) : "<error>", clock_.now() - start);
  if (!answer) {
    const auto& error = answer.error();
    return tl::unexpected(Failure{fmt::format("Post \"{}\": {}", url, error.message),
                                  error.phase != k8sclient::Phase::kConnect});
  }
  if (answer->status != 200) {
    return tl::unexpected(Failure{
        fmt::format("failed {} with extender at URL {}, code {}", verb, url, answer->status),
        false});
  }
  return std::move(answer->body);
}

}  // namespace stowage::scheduler_cmd
