// MetricsRegistry: the MetricSink that keeps numbers and renders them as Prometheus text 0.0.4 or
// OpenMetrics 1.0.
// Families and handles live as long as the registry. Thread safety: everything from any thread;
// counters and gauges are one atomic operation, histograms take a lock of their own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metric_sink.h"
#include "serving/content_negotiation.h"

namespace stowage::serving {

// Gauges of objects that come and go: all series of one family as they are now.
struct GaugeFamily {
  std::string name;
  std::string help;
  std::vector<std::pair<base::MetricLabels, double>> series;
};

class MetricsRegistry final : public base::MetricSink {
 public:
  // Adds stowage_build_info{version,commit,program}=1 and
  // stowage_metrics_dropped_total{reason}.
  explicit MetricsRegistry(const std::string& program);
  // Without those: for an endpoint beside /metrics.
  MetricsRegistry();
  ~MetricsRegistry() override;
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  // Names and label names are ours: a bad one, or one name with two types, ends the process.
  // Label values may come from outside: bytes that are not printable ASCII become '?', 200 bytes
  // are kept. A family has at most kMaxSeries label sets; what comes later is not kept and counted
  // as dropped (reason "series"), as are values that are not finite and counters that would go
  // down (reason "value").
  base::Counter& counter(const std::string& name, const std::string& help,
                         const base::MetricLabels& labels) override;
  base::Gauge& gauge(const std::string& name, const std::string& help,
                     const base::MetricLabels& labels) override;
  base::Histogram& histogram(const std::string& name, const std::string& help,
                             const base::MetricLabels& labels,
                             const std::vector<double>& buckets) override;

  void announce(const base::MetricFamily& family) override;

  static constexpr std::size_t kMaxSeries = 2000;

  // Calls `refresh` before every rendering, one at a time: for numbers that are read, not counted.
  void beforeRender(std::function<void()> refresh);

  // Calls `collect` at every rendering, one at a time, and shows what it returns, whole: a series
  // that is not returned any more is gone. `families`: all that it may return. At most
  // kMaxSeries of a family are shown; the rest is counted as dropped.
  void collectGauges(const std::vector<base::MetricFamily>& families,
                     std::function<std::vector<GaugeFamily>()> collect);

  // All families in the order of their names, series in the order of their labels.
  [[nodiscard]] std::string render(Exposition form = Exposition::kText) const;
  static std::string_view contentType(Exposition form);

  // All families in the order of their names; what docs/metrics.md is written from.
  struct Described {
    base::MetricFamily family;
    bool lasting = false;  // has series from the start
  };
  [[nodiscard]] std::vector<Described> families() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stowage::serving
