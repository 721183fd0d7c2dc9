#include "k8sclient/rest/rest_api_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "base/stop_tree.h"
#include "base/version.h"
#include "kubeapi/decode.h"

namespace stowage::k8sclient {

namespace {

// client-go's rest/with_retry.go: ten retries, one second between those after a lost connection.
constexpr int kMaxRetries = 10;
constexpr std::chrono::seconds kReconnectDelay{1};
// Time to the headers of a watch; the server itself blocks up to 3 s for a version it lacks.
constexpr std::chrono::seconds kStreamHeaderTimeout{30};
// What is kept of the body of a refused stream: a Status object is far smaller.
constexpr std::size_t kMaxStreamErrorBody = 64 << 10;
// Waits for the client-side limit that are worth a line, as in client-go.
constexpr std::chrono::seconds kLongThrottle{1};

bool isWrite(Method method) { return method != Method::kGet; }

base::Code codeOfStatus(int http_status, const std::string& reason) {
  switch (http_status) {
    case 400:
    case 413:
    case 422:
      return base::Code::kInvalidArgument;
    case 401:
      return base::Code::kUnauthorized;
    case 403:
      return base::Code::kForbidden;
    case 404:
      return base::Code::kNotFound;
    case 405:
    case 406:
    case 415:
      return base::Code::kUnsupported;
    case 408:
    case 504:
      return base::Code::kTimeout;
    case 409:
      return reason == "AlreadyExists" ? base::Code::kAlreadyExists : base::Code::kConflict;
    case 410:
      return base::Code::kGone;
    case 429:
      return base::Code::kTooManyRequests;
    default:
      return http_status >= 500 ? base::Code::kUnavailable : base::Code::kInternal;
  }
}

// Whole seconds of a Retry-After header; nullopt for none and for dates, which the API never sends.
std::optional<std::int64_t> retryAfter(const HttpResponse& response) {
  const std::string* text = response.header("retry-after");
  if (text == nullptr) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error != std::errc{} || end != text->data() + text->size() || seconds < 0) {
    return std::nullopt;
  }
  return seconds;
}

ApiError errorOfTransport(Method method, const TransportError& error) {
  ApiError out;
  out.code = error.code;
  out.message = error.message;
  out.outcome_unknown = isWrite(method) && error.phase != Phase::kConnect;
  return out;
}

HttpTransport& transportOf(const Session& session, CallOptions::Lane lane) {
  const bool fast = lane == CallOptions::Lane::kFast && session.fast != nullptr;
  return fast ? *session.fast : *session.calls;
}

// Whatever keeps us from credentials (a plugin that is not there, a file that cannot be read) is no
// word of the server: nobody may take it for "no such object".
ApiError errorOfSession(const base::Status& status) {
  const bool own = status.code() == base::Code::kCancelled || status.code() == base::Code::kTimeout;
  ApiError out;
  out.code = own ? status.code() : base::Code::kUnavailable;
  out.message = status.message();
  return out;
}

}  // namespace

std::string userAgent(std::string_view program) {
  return fmt::format("{}/{} (linux/amd64) {}", program, base::version(), base::commit());
}

ApiError errorOfAnswer(Method method, const HttpResponse& response) {
  const kubeapi::ApiStatus status = kubeapi::decodeStatus(response.body, response.status);
  ApiError error;
  error.http_status = response.status;
  error.reason = status.reason;
  error.message = status.message;
  error.causes = status.causes;
  error.retry_after_seconds = status.retry_after_seconds;
  if (const auto seconds = retryAfter(response)) error.retry_after_seconds = *seconds;
  error.code = codeOfStatus(response.status, status.reason);
  if (error.message.empty()) error.message = fmt::format("HTTP {} without a word", response.status);
  // A timeout or failure behind the server (etcd, a proxy) may come after the write.
  error.outcome_unknown = isWrite(method) && response.status >= 500;
  return error;
}

// One call over its attempts.
struct RestApiClient::Call {
  Method method;
  HttpRequest request;
  CallOptions::Lane lane;
  base::SteadyTime deadline;
  std::string host;
  // An earlier attempt of this write may have been carried out.
  bool maybe_done = false;
  // The last attempt had a connection and lost it.
  bool lost_connection = false;
};

RestApiClient::RestApiClient(std::unique_ptr<SessionSource> sessions, base::Clock& clock,
                             base::MetricSink& sink, RestOptions options)
    : sessions_(std::move(sessions)),
      clock_(clock),
      user_agent_(options.user_agent.empty() ? userAgent("stowage-scheduler")
                                             : std::move(options.user_agent)),
      metrics_(sink),
      tell_outages_(options.tell_outages) {
  if (options.qps > 0) {
    const int burst =
        options.burst >= 1 ? options.burst : std::max(1, static_cast<int>(2 * options.qps));
    limit_.emplace(options.qps, burst);
  }
}

void RestApiClient::addHeaders(const Session& session, HttpRequest& request) const {
  request.headers = session.headers;
  request.headers.emplace_back("Accept", "application/json");
  request.headers.emplace_back("User-Agent", user_agent_);
}

// What every answer may tell: warnings, refused credentials, who throttled us.
void RestApiClient::observe(const HttpResponse& response, base::SteadyTime started) {
  for (const Header& header : response.headers) {
    if (header.first == "warning") warnings_.record(header.second);
  }
  if (response.status == 401) sessions_->unauthorized(started);
  if (response.status == 429) {
    const std::string* schema = response.header("x-kubernetes-pf-flowschema-uid");
    base::log().debug("API server asks for patience",
                      {{"flowSchema", schema == nullptr ? "" : *schema}});
  }
}

void RestApiClient::noteFailure(Outage::Kind kind, const std::string& server,
                                const std::string& error) {
  if (!tell_outages_) return;
  const auto news = outage_.onFailure(kind, error, clock_.now());
  if (!news) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(news->lasted).count();
  base::log().error(
      kind == Outage::Kind::kNoConnection
          ? "the API server does not answer"
          : "the API server cannot be asked without credentials that it takes",
      {{"server", server}, {"error", error}, {"what to do", news->advice}, {"seconds", seconds}});
}

void RestApiClient::noteTransport(const std::string& server, const TransportError& error) {
  if (error.code == base::Code::kUnavailable || error.code == base::Code::kTimeout)
    noteFailure(Outage::Kind::kNoConnection, server, error.message);
}

void RestApiClient::noteAnswer(const std::string& server, const HttpResponse& response) {
  constexpr int kUnauthorized = 401;
  if (response.status == kUnauthorized) {
    noteFailure(Outage::Kind::kRefused, server, "Unauthorized");
    return;
  }
  if (!tell_outages_) return;
  const auto news = outage_.onAnswer(clock_.now());
  if (!news) return;
  base::log().info(
      "the API server answers again",
      {{"server", server},
       {"seconds", std::chrono::duration_cast<std::chrono::seconds>(news->lasted).count()}});
}

ApiResult<std::shared_ptr<const Session>> RestApiClient::openSession(const std::stop_token& stop) {
  auto session = sessions_->session(stop);
  if (session) return std::move(*session);
  ApiError error = errorOfSession(session.error().withPrefix("credentials"));
  if (error.code == base::Code::kUnavailable)
    noteFailure(Outage::Kind::kNoCredentials, {}, error.message);
  return tl::unexpected(std::move(error));
}

std::optional<ApiError> RestApiClient::throttle(const Call& call, base::Duration& waited,
                                                const std::stop_token& stop) {
  if (!limit_) return std::nullopt;
  const base::SteadyTime now = clock_.now();
  waited = limit_->take(now, call.deadline - now);
  ApiError error;
  if (waited > call.deadline - now) {
    error.code = base::Code::kTimeout;
    error.message = "client-side rate limit would last longer than the call may";
    return error;
  }
  if (waited > kLongThrottle) {
    base::log().warn("waiting for the client-side rate limit",
                     {{"verb", methodName(call.method)},
                      {"seconds", std::chrono::duration<double>(waited).count()}});
  }
  if (waited > base::Duration::zero() && !clock_.sleepFor(waited, stop)) {
    error.code = base::Code::kCancelled;
    error.message = "stopped";
    return error;
  }
  return std::nullopt;
}

ApiResult<HttpResponse> RestApiClient::attempt(Call& call, const std::stop_token& stop) {
  call.lost_connection = false;
  base::Duration waited{0};
  if (auto error = throttle(call, waited, stop)) return tl::unexpected(*error);
  auto session = openSession(stop);
  if (!session) return tl::unexpected(session.error());
  call.host = (*session)->host;
  if (limit_) metrics_.throttled(call.method, call.host, waited);
  addHeaders(**session, call.request);
  HttpTransport& transport = transportOf(**session, call.lane);
  const base::SteadyTime started = clock_.now();
  auto response = transport.send(call.request, call.deadline - started, stop);
  metrics_.request(call.method, call.host, response ? response->status : 0, clock_.now() - started);
  if (response) {
    metrics_.sizes(call.method, call.host, call.request.body.size(), response->body.size());
    observe(*response, started);
    noteAnswer(call.host, *response);
    return std::move(*response);
  }
  const TransportError& error = response.error();
  noteTransport(call.host, error);
  call.lost_connection = error.code == base::Code::kUnavailable && error.phase != Phase::kConnect;
  return tl::unexpected(errorOfTransport(call.method, error));
}

ApiResult<std::string> RestApiClient::call(Method method, const std::string& path,
                                           std::string_view body, std::string_view content_type,
                                           const CallOptions& options,
                                           const std::stop_token& stop) {
  Call call{.method = method,
            .request = {},
            .lane = options.lane,
            .deadline = clock_.now() + options.timeout,
            .host = {}};
  call.request.method = method;
  call.request.target = path;
  std::string query = encodeQuery(options.query);
  if (!query.empty() && path.find('?') != std::string::npos) query.front() = '&';
  call.request.target += query;
  call.request.body = body;
  if (!body.empty()) call.request.content_type = content_type;

  for (int retries = 0;; ++retries) {
    auto response = attempt(call, stop);
    if (response && response->status >= 200 && response->status < 300) {
      return std::move(response->body);
    }
    ApiError error = response ? errorOfAnswer(method, *response) : response.error();
    call.maybe_done = call.maybe_done || error.outcome_unknown;
    error.outcome_unknown = call.maybe_done;
    base::Duration delay{0};
    if (response) {
      const bool patience = response->status == 429 || response->status >= 500;
      const auto seconds = retryAfter(*response);
      if (!patience || !seconds) return tl::unexpected(std::move(error));
      delay = std::chrono::seconds(std::min<std::int64_t>(*seconds, 3600));
    } else {
      // A lost connection, not a refused one: the answer to that is the caller's own backoff.
      if (isWrite(method) || !call.lost_connection) return tl::unexpected(std::move(error));
      if (retries > 0) delay = kReconnectDelay;
    }
    if (retries >= kMaxRetries || clock_.now() + delay >= call.deadline) {
      return tl::unexpected(std::move(error));
    }
    metrics_.retried(method, call.host, error.http_status);
    if (delay > base::Duration::zero() && !clock_.sleepFor(delay, stop)) {
      return tl::unexpected(std::move(error));
    }
  }
}

ApiResult<StreamEnd> RestApiClient::stream(const std::string& path, const StreamOptions& options,
                                           const std::stop_token& stop,
                                           const std::function<bool(std::string_view)>& on_data) {
  auto session = openSession(stop);
  if (!session) return tl::unexpected(session.error());
  HttpRequest request;
  request.target = path;
  addHeaders(**session, request);
  // Ends when the caller stops or when this generation of credentials is replaced.
  base::StopTree ended(stop);
  const std::stop_callback replaced((*session)->replaced, [&ended] { ended.requestStop(); });

  HttpResponse refused;
  const base::SteadyTime started = clock_.now();
  StreamHandlers handlers;
  handlers.on_headers = [&](const HttpResponse& response) {
    metrics_.request(Method::kGet, (*session)->host, response.status, clock_.now() - started);
    observe(response, started);
    if (response.status < 200 || response.status >= 300) refused = response;
    noteAnswer((*session)->host, response);
    return true;
  };
  handlers.on_data = [&](std::string_view data) {
    if (refused.status == 0) return on_data(data);
    const std::size_t room = kMaxStreamErrorBody - refused.body.size();
    refused.body.append(data.substr(0, room));
    return refused.body.size() < kMaxStreamErrorBody;
  };
  auto end = transportOf(**session, options.lane)
                 .stream(request, kStreamHeaderTimeout, options.idle, ended.token(), handlers);
  if (refused.status != 0) return tl::unexpected(errorOfAnswer(Method::kGet, refused));
  if ((*session)->replaced.stop_requested() && !stop.stop_requested()) {
    return StreamEnd{StreamEnd::Reason::kComplete, "credentials were replaced"};
  }
  if (end) return std::move(*end);
  metrics_.request(Method::kGet, (*session)->host, 0, clock_.now() - started);
  noteTransport((*session)->host, end.error());
  return tl::unexpected(errorOfTransport(Method::kGet, end.error()));
}

}  // namespace stowage::k8sclient
