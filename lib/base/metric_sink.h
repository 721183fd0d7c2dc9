// MetricSink: what the libraries count into, without knowing any metrics product. Handles are
// created once at wiring and are then cheap to use. Thread safety: every handle from any thread.
// The real sink is serving::MetricsRegistry; NullMetricSink and the recording fake in tests/testing
// are the others.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stowage::base {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount) = 0;
  void increment() { add(1); }
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
  virtual void add(double amount) = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

// Buckets start, start*factor, ... (count of them), as Prometheus' ExponentialBuckets.
std::vector<double> exponentialBuckets(double start, double factor, int count);

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

// A family as documentation shows it, whether or not it has a series yet.
struct MetricFamily {
  MetricType type = MetricType::kCounter;
  std::string name;
  std::string help;
  std::vector<std::string> labels;  // names
  std::vector<double> buckets;      // of a histogram
};

class MetricSink {
 public:
  virtual ~MetricSink() = default;
  // Tells of a family whose series begin only with the first case, so that it can be documented.
  virtual void announce(const MetricFamily& family) { (void)family; }
  // The same name and labels give the same handle; the sink owns it and outlives its users.
  // `help` is used by the first call for a name. Label sets are small and fixed: no object names.
  virtual Counter& counter(const std::string& name, const std::string& help,
                           const MetricLabels& labels) = 0;
  virtual Gauge& gauge(const std::string& name, const std::string& help,
                       const MetricLabels& labels) = 0;
  virtual Histogram& histogram(const std::string& name, const std::string& help,
                               const MetricLabels& labels, const std::vector<double>& buckets) = 0;
};

// Counts nothing; for tools and tests that do not look at metrics.
MetricSink& nullMetricSink();

}  // namespace stowage::base
