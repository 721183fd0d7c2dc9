#include "tracing/otlp_exporter.h"

#include <utility>

#include "base/log.h"
#include "k8sclient/transport/beast_transport.h"
#include "k8sclient/transport/server_url.h"

namespace stowage::tracing {
namespace {

// What a collector answers is not read.
constexpr std::size_t kMaxAnswer = 64 << 10;

const base::MetricFamily& exportedFamily() {
  static const base::MetricFamily kFamily{base::MetricType::kCounter,
                                          "stowage_traces_exported_total",
                                          "Traces that the collector took.",
                                          {},
                                          {}};
  return kFamily;
}
const base::MetricFamily& droppedFamily() {
  static const base::MetricFamily kFamily{
      base::MetricType::kCounter,
      "stowage_traces_dropped_total",
      "Traces that were dropped, by reason: queue (full) or collector (not taken).",
      {"reason"},
      {}};
  return kFamily;
}
base::Counter& dropped(base::MetricSink& metrics, const char* reason) {
  return metrics.counter(droppedFamily().name, droppedFamily().help, {{"reason", reason}});
}

}  // namespace

base::Result<std::unique_ptr<OtlpExporter>> OtlpExporter::open(const std::string& endpoint,
                                                               OtlpOptions options,
                                                               base::Clock& clock,
                                                               std::uint64_t seed,
                                                               base::MetricSink& metrics) {
  k8sclient::Endpoint parsed;
  if (base::Status status = k8sclient::parseServerUrl(endpoint, false, parsed); !status.ok())
    return base::fail(status);
  k8sclient::TransportOptions transport_options;
  transport_options.max_body = kMaxAnswer;
  auto transport = k8sclient::makeBeastTransport(parsed, transport_options);
  if (!transport) return base::fail(transport.error());
  return std::unique_ptr<OtlpExporter>(
      new OtlpExporter(std::move(*transport), std::move(options), clock, seed, metrics));
}

OtlpExporter::OtlpExporter(std::unique_ptr<k8sclient::HttpTransport> transport, OtlpOptions options,
                           base::Clock& clock, std::uint64_t seed, base::MetricSink& metrics)
    : transport_(std::move(transport)),
      options_(std::move(options)),
      clock_(clock),
      rng_(seed),
      asked_(~seed),
      queue_(options_.queue),
      exported_(metrics.counter(exportedFamily().name, exportedFamily().help, {})),
      queue_full_(dropped(metrics, "queue")),
      refused_(dropped(metrics, "collector")) {}

OtlpExporter::~OtlpExporter() { stop(base::Duration::zero()); }

void OtlpExporter::announceMetrics(base::MetricSink& metrics) {
  metrics.announce(exportedFamily());
  metrics.announce(droppedFamily());
}

bool OtlpExporter::wants() {
  constexpr std::uint64_t kAll = 1'000'000;
  if (options_.per_million >= kAll) return true;
  // Every caller draws from a place of its own in one sequence.
  base::Rng rng(asked_.fetch_add(1, std::memory_order_relaxed));
  return rng.below(kAll) < options_.per_million;
}

void OtlpExporter::record(base::Trace trace) {
  if (!queue_.tryPush(std::move(trace))) queue_full_.increment();
}

void OtlpExporter::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void OtlpExporter::stop(base::Duration grace) {
  if (!thread_.joinable()) return;
  const std::jthread limit([this, grace](const std::stop_token& done) {
    if (grace == base::Duration::zero() || clock_.sleepFor(grace, done)) calls_stop_.request_stop();
  });
  thread_.request_stop();
  thread_.join();
}

// After `stop` it goes on until the queue is empty; calls end with calls_stop_.
void OtlpExporter::run(const std::stop_token& stop) {
  while (auto first = queue_.pop(stop)) {
    std::vector<base::Trace> batch;
    batch.push_back(std::move(*first));
    const base::SteadyTime until = clock_.now() + options_.interval;
    while (batch.size() < options_.batch) {
      auto next = queue_.pop(stop, until);
      if (!next) break;
      batch.push_back(std::move(*next));
    }
    send(batch);
  }
}

void OtlpExporter::send(const std::vector<base::Trace>& batch) {
  k8sclient::HttpRequest request;
  request.method = k8sclient::Method::kPost;
  request.target = "/v1/traces";
  request.content_type = "application/json";
  request.body = otlpJson(options_.resource, batch, clock_.now(), clock_.wallNow(), rng_);
  const auto answer = transport_->send(request, options_.timeout, calls_stop_.get_token());
  const bool taken = answer && answer->status >= 200 && answer->status < 300;
  (taken ? exported_ : refused_).add(static_cast<double>(batch.size()));
  if (!taken && !refusing_) {
    base::log().warn("the trace collector does not take traces; they are dropped",
                     {{"reason", answer ? "HTTP status " + std::to_string(answer->status)
                                        : answer.error().message}});
  }
  if (taken && refusing_) base::log().info("the trace collector takes traces again");
  refusing_ = !taken;
}

}  // namespace stowage::tracing
