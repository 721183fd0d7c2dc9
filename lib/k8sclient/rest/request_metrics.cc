#include "k8sclient/rest/request_metrics.h"

namespace stowage::k8sclient {

namespace {

using base::MetricFamily;
using base::MetricType;

const std::vector<double>& timeBuckets() {
  static const std::vector<double> kBuckets{.005, .025, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60};
  return kBuckets;
}

// 64 bytes to 16 MiB.
const std::vector<double>& sizeBuckets() {
  static const std::vector<double> kBuckets{64,    256,    512,     1024,    4096,    16384,
                                            65536, 262144, 1048576, 4194304, 16777216};
  return kBuckets;
}

const MetricFamily& requestsFamily() {
  static const MetricFamily kFamily{
      MetricType::kCounter,
      "rest_client_requests_total",
      "Number of HTTP requests, partitioned by status code, method, and host.",
      {"code", "host", "method"},
      {}};
  return kFamily;
}
const MetricFamily& retriesFamily() {
  static const MetricFamily kFamily{
      MetricType::kCounter,
      "rest_client_request_retries_total",
      "Number of request retries, partitioned by status code, verb, and host.",
      {"code", "host", "verb"},
      {}};
  return kFamily;
}
const MetricFamily& durationsFamily() {
  static const MetricFamily kFamily{MetricType::kHistogram,
                                    "rest_client_request_duration_seconds",
                                    "Request latency in seconds. Broken down by verb, and host.",
                                    {"host", "verb"},
                                    timeBuckets()};
  return kFamily;
}
const MetricFamily& waitsFamily() {
  static const MetricFamily kFamily{
      MetricType::kHistogram,
      "rest_client_rate_limiter_duration_seconds",
      "Client side rate limiter latency in seconds. Broken down by verb, and host.",
      {"host", "verb"},
      timeBuckets()};
  return kFamily;
}
const MetricFamily& requestSizesFamily() {
  static const MetricFamily kFamily{MetricType::kHistogram,
                                    "rest_client_request_size_bytes",
                                    "Request size in bytes. Broken down by verb and host.",
                                    {"host", "verb"},
                                    sizeBuckets()};
  return kFamily;
}
const MetricFamily& responseSizesFamily() {
  static const MetricFamily kFamily{MetricType::kHistogram,
                                    "rest_client_response_size_bytes",
                                    "Response size in bytes. Broken down by verb and host.",
                                    {"host", "verb"},
                                    sizeBuckets()};
  return kFamily;
}

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string codeLabel(int http_status) {
  return http_status == 0 ? "<error>" : std::to_string(http_status);
}

}  // namespace

RequestMetrics::RequestMetrics(base::MetricSink& sink) : sink_(sink) {
  for (const MetricFamily* family : {&requestsFamily(), &retriesFamily(), &durationsFamily(),
                                     &waitsFamily(), &requestSizesFamily(), &responseSizesFamily()})
    sink.announce(*family);
}

void RequestMetrics::useHost(const std::string& host) {
  if (host == host_) return;
  host_ = host;
  requests_.clear();
  retries_.clear();
  durations_.clear();
  waits_.clear();
  request_sizes_.clear();
  response_sizes_.clear();
}

base::Histogram& RequestMetrics::histogram(std::map<Method, base::Histogram*>& known,
                                           const MetricFamily& family, Method method,
                                           const std::string& host) {
  base::Histogram*& found = known[method];
  if (found == nullptr) {
    found = &sink_.histogram(family.name, family.help,
                             {{"verb", std::string(methodName(method))}, {"host", host}},
                             family.buckets);
  }
  return *found;
}

void RequestMetrics::request(Method method, const std::string& host, int http_status,
                             base::Duration took) {
  base::Counter* count = nullptr;
  base::Histogram* duration = nullptr;
  {
    std::lock_guard lock(mutex_);
    useHost(host);
    base::Counter*& known = requests_[{method, http_status}];
    if (known == nullptr) {
      known = &sink_.counter(requestsFamily().name, requestsFamily().help,
                             {{"code", codeLabel(http_status)},
                              {"method", std::string(methodName(method))},
                              {"host", host}});
    }
    count = known;
    duration = &histogram(durations_, durationsFamily(), method, host);
  }
  count->increment();
  duration->observe(seconds(took));
}

void RequestMetrics::sizes(Method method, const std::string& host, std::size_t request,
                           std::size_t response) {
  base::Histogram* sent = nullptr;
  base::Histogram* received = nullptr;
  {
    std::lock_guard lock(mutex_);
    useHost(host);
    sent = &histogram(request_sizes_, requestSizesFamily(), method, host);
    received = &histogram(response_sizes_, responseSizesFamily(), method, host);
  }
  sent->observe(static_cast<double>(request));
  received->observe(static_cast<double>(response));
}

void RequestMetrics::throttled(Method method, const std::string& host, base::Duration waited) {
  base::Histogram* wait = nullptr;
  {
    std::lock_guard lock(mutex_);
    useHost(host);
    wait = &histogram(waits_, waitsFamily(), method, host);
  }
  wait->observe(seconds(waited));
}

void RequestMetrics::retried(Method method, const std::string& host, int http_status) {
  base::Counter* counter = nullptr;
  {
    std::lock_guard lock(mutex_);
    useHost(host);
    base::Counter*& known = retries_[{method, http_status}];
    if (known == nullptr) {
      known = &sink_.counter(retriesFamily().name, retriesFamily().help,
                             {{"code", codeLabel(http_status)},
                              {"verb", std::string(methodName(method))},
                              {"host", host}});
    }
    counter = known;
  }
  counter->increment();
}

}  // namespace stowage::k8sclient
