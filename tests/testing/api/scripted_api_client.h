// ScriptedApiClient: an API server in memory that answers what the test wrote down, and remembers
// what it was asked.
//   ScriptedApiClient api;
//   api.answer(podList(...)).stream({pieces}, StreamEnd::Reason::kComplete);
//   api.stopAtEnd(stop);            // the call after the last answer stops the client under test
//   reflector.run(stop.get_token());
//   EXPECT_THAT(api.asked(), ElementsAre("GET /api/v1/pods?...", "WATCH /api/v1/pods?..."));
// Answers are given in the order of the script. Thread safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "k8sclient/rest/api_client.h"

namespace stowage::testing {

// An error as the REST client makes it from a Status answer.
k8sclient::ApiError apiError(int http_status, std::string reason, std::string message = "");
// Nobody answered.
k8sclient::ApiError unreachable(std::string message = "connection refused");

struct AskedCall {
  std::string verb;  // "GET", "POST", "PUT", "PATCH", "DELETE", "WATCH"
  std::string path;  // with query
  std::string body;
  std::string content_type;
  base::Duration timeout{};  // of a watch: the idle limit
  bool fast_lane = false;
  [[nodiscard]] std::string line() const { return verb + " " + path; }
};

class ScriptedApiClient final : public k8sclient::ApiClient {
 public:
  using Answer = k8sclient::ApiResult<std::string>;
  using CallHandler = std::function<Answer(const AskedCall&, const std::stop_token&)>;
  // Feeds pieces until one returns false, and says how the stream ended.
  using StreamHandler = std::function<k8sclient::ApiResult<k8sclient::StreamEnd>(
      const AskedCall&, const std::stop_token&, const std::function<bool(std::string_view)>&)>;

  // The script. `before` runs when its turn comes, before the answer.
  ScriptedApiClient& answer(std::string body, std::function<void()> before = {});
  ScriptedApiClient& fail(k8sclient::ApiError error, std::function<void()> before = {});
  ScriptedApiClient& handle(CallHandler handler);
  ScriptedApiClient& stream(
      std::vector<std::string> pieces,
      k8sclient::StreamEnd::Reason end = k8sclient::StreamEnd::Reason::kComplete,
      std::function<void()> before_end = {});
  ScriptedApiClient& refuseStream(k8sclient::ApiError error);
  // Silent until stopped.
  ScriptedApiClient& silentStream();
  ScriptedApiClient& handleStream(StreamHandler handler);

  // Answers every call (not stream) that the script has no answer for.
  void otherwise(CallHandler handler);
  // The first call after the end of the script requests this stop. Without it, and without
  // otherwise(), such a call waits until it is stopped.
  void stopAtEnd(std::stop_source stop);

  [[nodiscard]] std::vector<AskedCall> calls() const;
  [[nodiscard]] std::vector<std::string> asked() const;  // calls as lines
  // Waits (real time, ten seconds) until that many calls have come in. False on timeout.
  bool waitForCalls(std::size_t count) const;

  Answer call(k8sclient::Method method, const std::string& path, std::string_view body,
              std::string_view content_type, const k8sclient::CallOptions& options,
              const std::stop_token& stop) override;
  k8sclient::ApiResult<k8sclient::StreamEnd> stream(
      const std::string& path, const k8sclient::StreamOptions& options, const std::stop_token& stop,
      const std::function<bool(std::string_view)>& on_data) override;

 private:
  struct Step {
    CallHandler call;
    StreamHandler stream;
  };
  Step next(const AskedCall& asked);
  CallHandler otherwise() const;
  void waitForStop(const std::stop_token& stop);

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::deque<Step> script_;
  std::vector<AskedCall> calls_;
  CallHandler otherwise_;
  std::stop_source stop_at_end_{std::nostopstate};
};

}  // namespace stowage::testing
