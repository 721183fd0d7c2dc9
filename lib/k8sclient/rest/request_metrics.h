// RequestMetrics: the rest_client_* families that every Kubernetes client exposes
// (component-base/metrics/prometheus/restclient). Thread safe; handles are looked up once.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::k8sclient {

class RequestMetrics {
 public:
  // `sink` must outlive this.
  explicit RequestMetrics(base::MetricSink& sink);

  // One exchange: `http_status` 0 when there was no answer (label "<error>").
  void request(Method method, const std::string& host, int http_status, base::Duration took);
  // Bodies of one exchange that had an answer, as they travelled.
  void sizes(Method method, const std::string& host, std::size_t request, std::size_t response);
  void throttled(Method method, const std::string& host, base::Duration waited);
  void retried(Method method, const std::string& host, int http_status);

 private:
  base::MetricSink& sink_;
  std::mutex mutex_;
  std::string host_;  // the handles below are of this host; a new host starts anew
  std::map<std::pair<Method, int>, base::Counter*> requests_;
  std::map<std::pair<Method, int>, base::Counter*> retries_;
  std::map<Method, base::Histogram*> durations_;
  std::map<Method, base::Histogram*> waits_;
  std::map<Method, base::Histogram*> request_sizes_;
  std::map<Method, base::Histogram*> response_sizes_;

  base::Histogram& histogram(std::map<Method, base::Histogram*>& known,
                             const base::MetricFamily& family, Method method,
                             const std::string& host);
  void useHost(const std::string& host);
};

}  // namespace stowage::k8sclient
