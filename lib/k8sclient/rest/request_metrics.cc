#include "k8sclient/rest/request_metrics.h"

namespace stowage::k8sclient {

namespace {

const std::vector<double>& buckets() {
  static const std::vector<double> kBuckets{.005, .025, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60};
  return kBuckets;
}

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string codeLabel(int http_status) {
  return http_status == 0 ? "<error>" : std::to_string(http_status);
}

}  // namespace

void RequestMetrics::useHost(const std::string& host) {
  if (host == host_) return;
  host_ = host;
  requests_.clear();
  retries_.clear();
  durations_.clear();
  waits_.clear();
}

void RequestMetrics::request(Method method, const std::string& host, int http_status,
                             base::Duration took) {
  const std::string verb(methodName(method));
  base::Counter* count = nullptr;
  base::Histogram* duration = nullptr;
  {
    std::lock_guard lock(mutex_);
    useHost(host);
    base::Counter*& known = requests_[{method, http_status}];
    if (known == nullptr) {
      known =
          &sink_.counter("rest_client_requests_total",
                         "Number of HTTP requests, partitioned by status code, method, and host.",
                         {{"code", codeLabel(http_status)}, {"method", verb}, {"host", host}});
    }
    count = known;
    base::Histogram*& histogram = durations_[method];
    if (histogram == nullptr) {
      histogram = &sink_.histogram("rest_client_request_duration_seconds",
                                   "Request latency in seconds. Broken down by verb, and host.",
                                   {{"verb", verb}, {"host", host}}, buckets());
    }
    duration = histogram;
  }
  count->increment();
  duration->observe(seconds(took));
}

void RequestMetrics::throttled(Method method, const std::string& host, base::Duration waited) {
  base::Histogram* histogram = nullptr;
  {
    std::lock_guard lock(mutex_);
    useHost(host);
    base::Histogram*& known = waits_[method];
    if (known == nullptr) {
      known = &sink_.histogram(
          "rest_client_rate_limiter_duration_seconds",
          "Client side rate limiter latency in seconds. Broken down by verb, and host.",
          {{"verb", std::string(methodName(method))}, {"host", host}}, buckets());
    }
    histogram = known;
  }
  histogram->observe(seconds(waited));
}

void RequestMetrics::retried(Method method, const std::string& host, int http_status) {
  base::Counter* counter = nullptr;
  {
    std::lock_guard lock(mutex_);
    useHost(host);
    base::Counter*& known = retries_[{method, http_status}];
    if (known == nullptr) {
      known = &sink_.counter("rest_client_request_retries_total",
                             "Number of request retries, partitioned by status code, verb, and "
                             "host.",
                             {{"code", codeLabel(http_status)},
                              {"verb", std::string(methodName(method))},
                              {"host", host}});
    }
    counter = known;
  }
  counter->increment();
}

}  // namespace stowage::k8sclient
