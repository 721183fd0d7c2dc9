#include "base/metric_sink.h"

namespace stowage::base {

namespace {

class NullSink final : public MetricSink {
 public:
  Counter& counter(const std::string&, const std::string&, const MetricLabels&) override {
    return counter_;
  }
  Gauge& gauge(const std::string&, const std::string&, const MetricLabels&) override {
    return gauge_;
  }
  Histogram& histogram(const std::string&, const std::string&, const MetricLabels&,
                       const std::vector<double>&) override {
    return histogram_;
  }

 private:
  struct NullCounter final : Counter {
    void add(double) override {}
  } counter_;
  struct NullGauge final : Gauge {
    void set(double) override {}
    void add(double) override {}
  } gauge_;
  struct NullHistogram final : Histogram {
    void observe(double) override {}
  } histogram_;
};

}  // namespace

std::vector<double> exponentialBuckets(double start, double factor, int count) {
  std::vector<double> buckets;
  buckets.reserve(static_cast<std::size_t>(count));
  for (double bound = start; count > 0; --count, bound *= factor) buckets.push_back(bound);
  return buckets;
}

MetricSink& nullMetricSink() {
  static NullSink sink;
  return sink;
}

}  // namespace stowage::base
