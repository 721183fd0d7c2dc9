// ExtenderClient: POSTs to one HTTP extender. Credentials of the cluster never go there.
// Thread safety: post() from any thread; it blocks. Ownership: owns its connections; clock and
// metrics outlive it.
// Source of texts and TLS rules: kube-scheduler extender.go (send, makeTransport), v1.36.3.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "config/extender_config.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::scheduler_cmd {

class ExtenderClient {
 public:
  // Reads the files that the configuration names. `field` is how errors call the extender.
  static base::Result<std::unique_ptr<ExtenderClient>> open(const config::ExtenderConfig& config,
                                                            const std::string& field,
                                                            base::Clock& clock,
                                                            base::MetricSink& metrics);

  // What all of them count; also when there is none.
  static void announceMetrics(base::MetricSink& metrics);

  struct Failure {
    std::string message;
    bool unanswered = false;  // though the request may have reached the extender
  };
  // The body of an answer with status 200. At most 64 MiB, 16 MiB when it knows the nodes itself.
  tl::expected<std::string, Failure> post(std::string_view verb, std::string body,
                                          const std::stop_token& stop);

  [[nodiscard]] const config::ExtenderConfig& config() const { return config_; }

 private:
  ExtenderClient(config::ExtenderConfig config, std::unique_ptr<k8sclient::HttpTransport> transport,
                 base::Clock& clock, base::MetricSink& metrics)
      : config_(std::move(config)),
        transport_(std::move(transport)),
        clock_(clock),
        metrics_(metrics) {}
  void count(std::string_view verb, const std::string& code, base::Duration took);

  const config::ExtenderConfig config_;
  const std::unique_ptr<k8sclient::HttpTransport> transport_;
  base::Clock& clock_;
  base::MetricSink& metrics_;
};

}  // namespace stowage::scheduler_cmd
