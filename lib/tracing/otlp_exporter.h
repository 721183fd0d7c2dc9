// OtlpExporter: sends traces to an OpenTelemetry collector, as OTLP over HTTP with JSON bodies
// (POST <endpoint>/v1/traces). Never in anybody's way: what does not fit into its queue, and what
// the collector does not take at the first try, is dropped and counted. Memory is bounded by the
// queue. One thread of its own. Thread safety: wants() and record() from any thread; start() and
// stop() from the owner's. Ownership: clock and metrics outlive it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/metric_sink.h"
#include "base/rng.h"
#include "base/status.h"
#include "base/trace_sink.h"
#include "k8sclient/transport/http_transport.h"
#include "tracing/otlp_json.h"

namespace stowage::tracing {

struct OtlpOptions {
  Resource resource;
  std::uint32_t per_million = 1'000'000;  // share of traces that are wanted
  std::size_t queue = 2048;
  std::size_t batch = 256;
  base::Duration interval = std::chrono::seconds(1);  // until a batch that is not full goes
  base::Duration timeout = std::chrono::seconds(5);   // of one POST
};

class OtlpExporter final : public base::TraceSink {
 public:
  // `endpoint`: http://host:port or https://, perhaps with a path; kInvalidArgument says what is
  // wrong with it. Connects nothing yet.
  static base::Result<std::unique_ptr<OtlpExporter>> open(const std::string& endpoint,
                                                          OtlpOptions options, base::Clock& clock,
                                                          std::uint64_t seed,
                                                          base::MetricSink& metrics);
  // Stops without grace.
  ~OtlpExporter() override;
  OtlpExporter(const OtlpExporter&) = delete;
  OtlpExporter& operator=(const OtlpExporter&) = delete;

  // What it counts; also when there is none.
  static void announceMetrics(base::MetricSink& metrics);

  bool wants() override;
  void record(base::Trace trace) override;

  void start();
  // Sends what is there for at most `grace`.
  void stop(base::Duration grace);

 private:
  OtlpExporter(std::unique_ptr<k8sclient::HttpTransport> transport, OtlpOptions options,
               base::Clock& clock, std::uint64_t seed, base::MetricSink& metrics);
  void run(const std::stop_token& stop);
  void send(const std::vector<base::Trace>& batch);

  const std::unique_ptr<k8sclient::HttpTransport> transport_;
  const OtlpOptions options_;
  base::Clock& clock_;
  base::Rng rng_;
  std::atomic<std::uint64_t> asked_;
  base::BoundedQueue<base::Trace> queue_;
  base::Counter& exported_;
  base::Counter& queue_full_;
  base::Counter& refused_;
  bool refusing_ = false;  // the last batch was not taken, and the log says so
  std::stop_source calls_stop_;
  std::jthread thread_;
};

}  // namespace stowage::tracing
