#include "k8sclient/watch/watch_machine.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kubeapi/decode.h"

namespace stowage::k8sclient {

namespace {

// A watch that ends sooner, without any event, failed ("very short watch" of client-go).
constexpr base::Duration kShortWatch = std::chrono::seconds(1);
// How long ERROR events with 500 are answered by watching again; the figure of the API server's own
// reflector (client-go's default is not at all).
constexpr base::Duration kInternalErrorBudget = std::chrono::seconds(30);
// Streaming lists that break off before the plain list is tried instead.
constexpr int kMaxStreamListFailures = 2;
// No real list has as many: 50 million objects. Ends a server that hands out tokens for ever.
constexpr int kMaxPages = 100'000;

constexpr std::array<std::string_view, 16> kTroubleNames = {
    "none",         "expired",      "too_large_version", "throttled", "unreachable",
    "server_error", "unauthorized", "forbidden",         "not_found", "rejected",
    "too_big",      "unreadable",   "short_watch",       "truncated", "idle",
    "no_bookmark"};

bool isExpired(int status, std::string_view reason) {
  return status == 410 || reason == "Expired" || reason == "Gone";
}

// apiserver pkg/storage/errors.go: 504 Timeout with this cause; older servers only have the text.
bool isTooLarge(const ApiError& error) {
  return std::find(error.causes.begin(), error.causes.end(), "ResourceVersionTooLarge") !=
             error.causes.end() ||
         error.message.find("Too large resource version") != std::string::npos;
}

WatchTrouble classify(const ApiError& error) {
  if (isTooLarge(error)) return WatchTrouble::kTooLarge;
  if (isExpired(error.http_status, error.reason)) return WatchTrouble::kExpired;
  if (error.code == base::Code::kResourceExhausted) return WatchTrouble::kTooBig;
  switch (error.http_status) {
    case 0:
      return WatchTrouble::kUnreachable;
    case 401:
      return WatchTrouble::kUnauthorized;
    case 403:
      return WatchTrouble::kForbidden;
    case 404:
      return WatchTrouble::kNotFound;
    case 429:
      return WatchTrouble::kThrottled;
    default:
      return error.http_status >= 500 ? WatchTrouble::kServerError : WatchTrouble::kRejected;
  }
}

// A version that asks for the current state, whose first events are made up and out of order.
bool isOpenVersion(std::string_view version) { return version.empty() || version == "0"; }

}  // namespace

std::string_view watchTroubleName(WatchTrouble trouble) {
  return kTroubleNames[static_cast<std::size_t>(trouble)];
}

WatchMachine::WatchMachine(WatchMachineOptions options, base::Rng& rng)
    : options_(std::move(options)),
      rng_(rng),
      backoff_(options_.backoff),
      watch_list_allowed_(options_.use_watch_list) {}

WatchMachine::Step WatchMachine::next(base::SteadyTime now) {
  if (wait_) {
    const Wait wait{*wait_};
    wait_.reset();
    return wait;
  }
  if (phase_ == Phase::kSync) {
    if (watch_list_allowed_ && !skip_watch_list_) {
      stream_list_ = true;
      return openWatch(now);
    }
    beginList();
  }
  if (phase_ == Phase::kListing) return ListPage{listQuery()};
  stream_list_ = false;
  return openWatch(now);
}

void WatchMachine::backOff(WatchTrouble trouble, Phase then, base::SteadyTime now,
                           std::int64_t at_least_seconds) {
  // The server may ask for more patience, within reason.
  constexpr std::int64_t kMaxRetryAfter = 300;
  const base::Duration asked =
      std::chrono::seconds(std::clamp<std::int64_t>(at_least_seconds, 0, kMaxRetryAfter));
  trouble_ = trouble;
  phase_ = then;
  wait_ = std::max(backoff_.next(now, rng_), asked);
}

// --- list ---

void WatchMachine::beginList() {
  phase_ = Phase::kListing;
  const char* first = options_.consistent_first_list ? "" : "0";
  list_version_ = version_unavailable_ ? "" : last_version_.empty() ? first : last_version_;
  // A limit would send a "not older than" list past the watch cache to etcd.
  limit_ = isOpenVersion(list_version_) || server_pages_ ? options_.page_size : 0;
  continue_token_.clear();
  pages_ = 0;
  tried_consistent_ = false;
}

Query WatchMachine::listQuery() const {
  Query query;
  if (!options_.field_selector.empty())
    query.emplace_back("fieldSelector", options_.field_selector);
  if (!options_.label_selector.empty())
    query.emplace_back("labelSelector", options_.label_selector);
  if (limit_ > 0) query.emplace_back("limit", std::to_string(limit_));
  if (!continue_token_.empty()) {
    query.emplace_back("continue", continue_token_);  // carries the version itself
  } else if (!list_version_.empty()) {
    query.emplace_back("resourceVersion", list_version_);
  }
  return query;
}

WatchMachine::PageVerdict WatchMachine::onPage(const kubeapi::ListMeta& meta,
                                               base::SteadyTime now) {
  ++pages_;
  if (!meta.continue_token.empty()) {
    if (meta.continue_token == continue_token_ || pages_ >= kMaxPages) {
      backOff(WatchTrouble::kUnreadable, Phase::kSync, now);
      return PageVerdict::kFailed;
    }
    if (list_version_ == "0") server_pages_ = true;
    continue_token_ = meta.continue_token;
    return PageVerdict::kMore;
  }
  last_version_ = meta.resource_version;
  version_unavailable_ = false;
  skip_watch_list_ = false;
  trouble_ = WatchTrouble::kNone;
  phase_ = Phase::kWatching;
  return PageVerdict::kComplete;
}

void WatchMachine::listAtConsistentVersion() {
  tried_consistent_ = true;
  version_unavailable_ = true;
  list_version_.clear();
  continue_token_.clear();
  limit_ = options_.page_size;
  pages_ = 0;
}

void WatchMachine::onListError(const ApiError& error, base::SteadyTime now) {
  const WatchTrouble trouble = classify(error);
  trouble_ = trouble;
  if (trouble == WatchTrouble::kExpired && !continue_token_.empty()) {
    // The token died in between: once more, in one piece.
    continue_token_.clear();
    limit_ = 0;
    pages_ = 0;
    return;
  }
  const bool version_failed =
      trouble == WatchTrouble::kExpired || trouble == WatchTrouble::kTooLarge;
  if (version_failed && !tried_consistent_) return listAtConsistentVersion();
  if (trouble == WatchTrouble::kTooBig && !tried_consistent_) {
    server_pages_ = true;
    return listAtConsistentVersion();  // honours the limit
  }
  skip_watch_list_ = false;
  backOff(trouble, Phase::kSync, now, error.retry_after_seconds);
}

void WatchMachine::onUnreadableList(base::SteadyTime now) {
  skip_watch_list_ = false;
  backOff(WatchTrouble::kUnreadable, Phase::kSync, now);
}

// --- watch ---

WatchMachine::Step WatchMachine::openWatch(base::SteadyTime now) {
  const auto spread =
      static_cast<double>((options_.max_watch_timeout - options_.min_watch_timeout).count());
  const auto timeout = std::chrono::duration_cast<std::chrono::seconds>(
      options_.min_watch_timeout +
      base::Duration(static_cast<base::Duration::rep>(spread * rng_.uniform())));
  const std::string version = stream_list_ && version_unavailable_ ? "" : last_version_;

  Query query;
  query.emplace_back("watch", "1");
  if (!options_.field_selector.empty())
    query.emplace_back("fieldSelector", options_.field_selector);
  if (!options_.label_selector.empty())
    query.emplace_back("labelSelector", options_.label_selector);
  query.emplace_back("allowWatchBookmarks", "true");
  if (stream_list_) {
    query.emplace_back("sendInitialEvents", "true");
    query.emplace_back("resourceVersionMatch", "NotOlderThan");
  }
  if (!version.empty()) query.emplace_back("resourceVersion", version);
  query.emplace_back("timeoutSeconds", std::to_string(timeout.count()));

  phase_ = stream_list_ ? Phase::kSync : Phase::kWatching;
  synthetic_ = isOpenVersion(version);
  ended_ = false;
  events_ = 0;
  opened_ = now;
  return OpenWatch{std::move(query), timeout};
}

WatchMachine::EventVerdict WatchMachine::onStreamListEvent(const WatchEvent& event) {
  switch (event.type) {
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified:
      return {Delivery::kStageApply, false};
    case WatchEvent::Type::kDeleted:
      return {Delivery::kStageRemove, false};
    case WatchEvent::Type::kBookmark:
      if (!event.initial_events_end) return {};
      last_version_ = event.resource_version;
      version_unavailable_ = false;
      stream_list_ = false;
      stream_list_failures_ = 0;
      synthetic_ = false;
      trouble_ = WatchTrouble::kNone;
      phase_ = Phase::kWatching;
      return {Delivery::kCommitStage, false};
    default:
      return {};
  }
}

WatchMachine::EventVerdict WatchMachine::onEvent(const WatchEvent& event, base::SteadyTime now) {
  ++events_;
  if (event.type == WatchEvent::Type::kError) return onErrorEvent(event.detail, now);
  if (event.type == WatchEvent::Type::kUnknown) return {};
  if (stream_list_) return onStreamListEvent(event);

  trouble_ = WatchTrouble::kNone;
  internal_errors_since_.reset();
  if (event.type != WatchEvent::Type::kAdded) synthetic_ = false;
  if (!synthetic_ && !event.resource_version.empty()) last_version_ = event.resource_version;
  switch (event.type) {
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified:
      return {Delivery::kApply, false};
    case WatchEvent::Type::kDeleted:
      return {Delivery::kRemove, false};
    default:
      return {};
  }
}

WatchMachine::EventVerdict WatchMachine::onErrorEvent(const std::string& status_json,
                                                      base::SteadyTime now) {
  const kubeapi::ApiStatus status = kubeapi::decodeStatus(status_json, 0);
  ApiError error;
  error.http_status = status.code;
  error.reason = status.reason;
  error.message = status.message;
  error.causes = status.causes;
  error.retry_after_seconds = status.retry_after_seconds;
  const EventVerdict end{Delivery::kNone, true};
  WatchTrouble trouble = classify(error);
  // An ERROR without a code is an answer all the same.
  if (trouble == WatchTrouble::kUnreachable) trouble = WatchTrouble::kRejected;
  ended_ = true;

  if (stream_list_) {
    onStreamListError(error, trouble, now);
  } else if (trouble == WatchTrouble::kThrottled) {
    backOff(trouble, Phase::kWatching, now, error.retry_after_seconds);
  } else if (status.code == 500 || status.reason == "InternalError") {
    if (!internal_errors_since_) internal_errors_since_ = now;
    const bool budget_left = now - *internal_errors_since_ < kInternalErrorBudget;
    if (!budget_left) internal_errors_since_.reset();
    backOff(WatchTrouble::kServerError, budget_left ? Phase::kWatching : Phase::kSync, now,
            error.retry_after_seconds);
  } else {
    if (trouble == WatchTrouble::kTooLarge) version_unavailable_ = true;
    backOff(trouble, Phase::kSync, now, error.retry_after_seconds);
  }
  return end;
}

void WatchMachine::onUnreadableLine(base::SteadyTime now) {
  ended_ = true;
  if (stream_list_) return streamListFailed(WatchTrouble::kUnreadable, now);
  backOff(WatchTrouble::kUnreadable, Phase::kSync, now);
}

void WatchMachine::streamListFailed(WatchTrouble trouble, base::SteadyTime now) {
  stream_list_ = false;
  if (++stream_list_failures_ >= kMaxStreamListFailures) {
    stream_list_failures_ = 0;
    skip_watch_list_ = true;
  }
  backOff(trouble, Phase::kSync, now);
}

void WatchMachine::onStreamListError(const ApiError& error, WatchTrouble trouble,
                                     base::SteadyTime now) {
  switch (trouble) {
    case WatchTrouble::kExpired:
    case WatchTrouble::kTooLarge:
      if (version_unavailable_) return streamListFailed(trouble, now);
      stream_list_ = false;
      version_unavailable_ = true;  // at once again, at ""
      trouble_ = trouble;
      phase_ = Phase::kSync;
      return;
    case WatchTrouble::kThrottled:
    case WatchTrouble::kUnreachable:
      stream_list_ = false;
      return backOff(trouble, Phase::kSync, now, error.retry_after_seconds);
    case WatchTrouble::kRejected:
      // This server cannot do it (422 Invalid, 400 on older ones): never ask again.
      watch_list_allowed_ = false;
      break;
    case WatchTrouble::kServerError:
      return streamListFailed(trouble, now);
    default:
      skip_watch_list_ = true;  // the plain list will say what is wrong
      break;
  }
  stream_list_ = false;
  trouble_ = trouble;
  phase_ = Phase::kSync;
}

void WatchMachine::onWatchError(const ApiError& error, base::SteadyTime now) {
  if (ended_) return;
  ended_ = true;
  const WatchTrouble trouble = classify(error);
  if (stream_list_) return onStreamListError(error, trouble, now);
  switch (trouble) {
    case WatchTrouble::kThrottled:
    case WatchTrouble::kUnreachable:
    case WatchTrouble::kServerError:
    case WatchTrouble::kUnauthorized:
      // What we hold is still right: only the watch has to be taken up again.
      return backOff(trouble, Phase::kWatching, now, error.retry_after_seconds);
    case WatchTrouble::kTooLarge:
      version_unavailable_ = true;
      return backOff(trouble, Phase::kSync, now, error.retry_after_seconds);
    default:
      return backOff(trouble, Phase::kSync, now, error.retry_after_seconds);
  }
}

void WatchMachine::onWatchEnd(StreamEnd::Reason reason, base::SteadyTime now) {
  if (ended_) return;
  ended_ = true;
  if (stream_list_) return streamListFailed(WatchTrouble::kNoBookmark, now);
  if (events_ == 0 && now - opened_ < kShortWatch) {
    return backOff(WatchTrouble::kShortWatch, Phase::kSync, now);
  }
  // Again at once, from the last version.
  trouble_ = reason == StreamEnd::Reason::kTruncated ? WatchTrouble::kTruncated
             : reason == StreamEnd::Reason::kIdle    ? WatchTrouble::kIdle
                                                     : WatchTrouble::kNone;
}

}  // namespace stowage::k8sclient
