// RestApiClient: the ApiClient of the running programs: asks a SessionSource for the connection of
// the moment, adds the headers that every request carries, retries what may be retried, counts.
// Thread safety: all methods from any thread. Ownership: owns its SessionSource; clock and metric
// sink must outlive it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "k8sclient/rest/api_client.h"
#include "k8sclient/rest/outage.h"
#include "k8sclient/rest/request_metrics.h"
#include "k8sclient/rest/session.h"
#include "k8sclient/rest/token_bucket.h"
#include "k8sclient/rest/warnings.h"

namespace stowage::k8sclient {

struct RestOptions {
  std::string user_agent;  // empty: userAgent("stowage-scheduler")
  // Client-side limit, watches exempt; qps <= 0: none, the server's priority and fairness decides.
  double qps = 0;
  int burst = 0;              // below 1: max(1, 2 * qps), upstream's ratio
  bool tell_outages = false;  // in the log, once for all calls that fail by them
};

// "stowage-scheduler/0.1.0 (linux/amd64) 1234abcd": what audit logs, priority-and-fairness and
// managedFields know us by.
std::string userAgent(std::string_view program);

// What an answer with an error status means; `body` is decoded as a Status object if it is one.
ApiError errorOfAnswer(Method method, const HttpResponse& response);

class RestApiClient final : public ApiClient {
 public:
  RestApiClient(std::unique_ptr<SessionSource> sessions, base::Clock& clock, base::MetricSink& sink,
                RestOptions options = {});

  ApiResult<std::string> call(Method method, const std::string& path, std::string_view body,
                              std::string_view content_type, const CallOptions& options,
                              const std::stop_token& stop) override;
  ApiResult<StreamEnd> stream(const std::string& path, const StreamOptions& options,
                              const std::stop_token& stop,
                              const std::function<bool(std::string_view)>& on_data) override;

 private:
  struct Call;  // one call() over its attempts

  // One exchange. An error of its own when nothing could be sent.
  ApiResult<HttpResponse> attempt(Call& call, const std::stop_token& stop);
  ApiResult<std::shared_ptr<const Session>> openSession(const std::stop_token& stop);
  // Waits for the client-side limit; nullopt when the call may go on.
  std::optional<ApiError> throttle(const Call& call, base::Duration& waited,
                                   const std::stop_token& stop);
  void addHeaders(const Session& session, HttpRequest& request) const;
  void observe(const HttpResponse& response, base::SteadyTime started);
  // What the exchange says about the server as a whole, into the log when that is news.
  void noteFailure(Outage::Kind kind, const std::string& server, const std::string& error);
  void noteTransport(const std::string& server, const TransportError& error);
  void noteAnswer(const std::string& server, const HttpResponse& response);

  const std::unique_ptr<SessionSource> sessions_;
  base::Clock& clock_;
  const std::string user_agent_;
  RequestMetrics metrics_;
  WarningLog warnings_;
  std::optional<TokenBucket> limit_;
  const bool tell_outages_;
  Outage outage_;
};

}  // namespace stowage::k8sclient
