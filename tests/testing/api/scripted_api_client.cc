#include "testing/api/scripted_api_client.h"

#include <utility>

namespace stowage::testing {

using k8sclient::ApiError;
using k8sclient::ApiResult;
using k8sclient::StreamEnd;

ApiError apiError(int http_status, std::string reason, std::string message) {
  using base::Code;
  ApiError error;
  error.http_status = http_status;
  error.code = http_status == 401   ? Code::kUnauthorized
               : http_status == 403 ? Code::kForbidden
               : http_status == 404 ? Code::kNotFound
               : http_status == 409
                   ? (reason == "AlreadyExists" ? Code::kAlreadyExists : Code::kConflict)
               : http_status == 410 ? Code::kGone
               : http_status == 429 ? Code::kTooManyRequests
               : http_status == 504 ? Code::kTimeout
               : http_status >= 500 ? Code::kUnavailable
                                    : Code::kInvalidArgument;
  error.reason = std::move(reason);
  error.message = std::move(message);
  return error;
}

ApiError unreachable(std::string message) {
  ApiError error;
  error.code = base::Code::kUnavailable;
  error.message = std::move(message);
  return error;
}

ScriptedApiClient& ScriptedApiClient::handle(CallHandler handler) {
  std::lock_guard lock(mutex_);
  script_.push_back({std::move(handler), nullptr});
  return *this;
}

ScriptedApiClient& ScriptedApiClient::handleStream(StreamHandler handler) {
  std::lock_guard lock(mutex_);
  script_.push_back({nullptr, std::move(handler)});
  return *this;
}

ScriptedApiClient& ScriptedApiClient::answer(std::string body, std::function<void()> before) {
  return handle([body = std::move(body), before = std::move(before)](
                    const AskedCall&, const std::stop_token&) -> Answer {
    if (before) before();
    return body;
  });
}

ScriptedApiClient& ScriptedApiClient::fail(ApiError error, std::function<void()> before) {
  return handle([error = std::move(error), before = std::move(before)](
                    const AskedCall&, const std::stop_token&) -> Answer {
    if (before) before();
    return tl::unexpected(error);
  });
}

ScriptedApiClient& ScriptedApiClient::stream(std::vector<std::string> pieces, StreamEnd::Reason end,
                                             std::function<void()> before_end) {
  return handleStream(
      [pieces = std::move(pieces), end, before_end = std::move(before_end)](
          const AskedCall&, const std::stop_token&,
          const std::function<bool(std::string_view)>& on_data) -> ApiResult<StreamEnd> {
        for (const std::string& piece : pieces) {
          if (!on_data(piece)) return StreamEnd{StreamEnd::Reason::kCancelled, "sink"};
        }
        if (before_end) before_end();
        return StreamEnd{end, "scripted end"};
      });
}

ScriptedApiClient& ScriptedApiClient::refuseStream(ApiError error) {
  return handleStream([error = std::move(error)](
                          const AskedCall&, const std::stop_token&,
                          const std::function<bool(std::string_view)>&) -> ApiResult<StreamEnd> {
    return tl::unexpected(error);
  });
}

ScriptedApiClient& ScriptedApiClient::silentStream() {
  return handleStream([this](const AskedCall&, const std::stop_token& stop,
                             const std::function<bool(std::string_view)>&) -> ApiResult<StreamEnd> {
    waitForStop(stop);
    return StreamEnd{StreamEnd::Reason::kCancelled, "stopped"};
  });
}

void ScriptedApiClient::otherwise(CallHandler handler) {
  std::lock_guard lock(mutex_);
  otherwise_ = std::move(handler);
}

ScriptedApiClient::CallHandler ScriptedApiClient::otherwise() const {
  std::lock_guard lock(mutex_);
  return otherwise_;
}

void ScriptedApiClient::stopAtEnd(std::stop_source stop) {
  std::lock_guard lock(mutex_);
  stop_at_end_ = std::move(stop);
}

std::vector<AskedCall> ScriptedApiClient::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

std::vector<std::string> ScriptedApiClient::asked() const {
  std::vector<std::string> lines;
  for (const AskedCall& call : calls()) lines.push_back(call.line());
  return lines;
}

bool ScriptedApiClient::waitForCalls(std::size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return calls_.size() >= count; });
}

void ScriptedApiClient::waitForStop(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [] { return false; });
}

ScriptedApiClient::Step ScriptedApiClient::next(const AskedCall& asked) {
  std::lock_guard lock(mutex_);
  calls_.push_back(asked);
  changed_.notify_all();
  Step step;
  if (script_.empty()) {
    stop_at_end_.request_stop();
  } else {
    step = std::move(script_.front());
    script_.pop_front();
  }
  return step;
}

ScriptedApiClient::Answer ScriptedApiClient::call(k8sclient::Method method, const std::string& path,
                                                  std::string_view body,
                                                  std::string_view content_type,
                                                  const k8sclient::CallOptions& options,
                                                  const std::stop_token& stop) {
  AskedCall asked;
  asked.verb = k8sclient::methodName(method);
  asked.path = path + k8sclient::encodeQuery(options.query);
  asked.body = body;
  asked.content_type = content_type;
  asked.timeout = options.timeout;
  asked.fast_lane = options.lane == k8sclient::CallOptions::Lane::kFast;
  const Step step = next(asked);
  if (step.call) return step.call(asked, stop);
  if (const CallHandler handler = otherwise(); handler && !step.stream) return handler(asked, stop);
  if (step.stream) return tl::unexpected(apiError(599, "TestScript", "expected a watch"));
  waitForStop(stop);
  ApiError error = unreachable("stopped");
  error.code = base::Code::kCancelled;
  return tl::unexpected(error);
}

ApiResult<StreamEnd> ScriptedApiClient::stream(
    const std::string& path, const k8sclient::StreamOptions& options, const std::stop_token& stop,
    const std::function<bool(std::string_view)>& on_data) {
  AskedCall asked;
  asked.verb = "WATCH";
  asked.path = path;
  asked.timeout = options.idle;
  asked.fast_lane = options.lane == k8sclient::CallOptions::Lane::kFast;
  const Step step = next(asked);
  if (step.stream) return step.stream(asked, stop, on_data);
  if (step.call) return tl::unexpected(apiError(599, "TestScript", "expected a call"));
  waitForStop(stop);
  return StreamEnd{StreamEnd::Reason::kCancelled, "stopped"};
}

}  // namespace stowage::testing
