#include "k8sclient/watch/reflector_loop.h"

#include <array>
#include <chrono>
#include <utility>
#include <variant>

#include "base/log.h"
#include "base/repeats.h"
#include "k8sclient/watch/line_splitter.h"

namespace stowage::k8sclient {

namespace {

// How long after its own deadline the server may go on before we close the stream (kube-rs'
// margin).
constexpr base::Duration kWatchMargin = std::chrono::seconds(5);
// A streaming list without its end mark for this long is worth a warning (client-go's figure).
constexpr base::Duration kBookmarkPatience = std::chrono::seconds(10);
// The same complaint is worth a line that often; in between it is for debugging.
constexpr base::Duration kComplainAgain = std::chrono::minutes(5);
// Undecodable objects named in the log per list; the rest are only counted.
constexpr int kLoggedBadObjects = 10;

WatchMachineOptions machineOptions(const ReflectorOptions& options) {
  return {options.field_selector,
          options.label_selector,
          options.page_size,
          options.use_watch_list,
          options.consistent_first_list,
          options.min_watch_timeout,
          options.max_watch_timeout,
          options.backoff};
}

std::string resourceName(const ResourceType& type) {
  return type.group.empty() ? type.plural : type.plural + "." + type.group;
}

std::string_view eventTypeName(WatchEvent::Type type) {
  constexpr std::array<std::string_view, 6> kNames = {"added",    "modified", "deleted",
                                                      "bookmark", "error",    "unknown"};
  return kNames[static_cast<std::size_t>(type)];
}

// No connection, or no credentials that the server takes: so it is with every resource, and the
// client tells of it once (Outage).
bool isOfAllResources(WatchTrouble trouble) {
  return trouble == WatchTrouble::kUnreachable || trouble == WatchTrouble::kUnauthorized;
}

const base::MetricFamily& errorsFamily() {
  static const base::MetricFamily kFamily{base::MetricType::kCounter,
                                          "stowage_watch_errors_total",
                                          "Lists and watches that did not end well.",
                                          {"reason", "resource"},
                                          {}};
  return kFamily;
}

}  // namespace

struct ReflectorLoop::Metrics {
  Metrics(base::MetricSink& sink, std::string resource)
      : sink_(sink),
        resource_(std::move(resource)),
        lists(sink.counter("stowage_watch_lists_total",
                           "Whole lists delivered, by list or by streaming list.", label())),
        bad_objects(sink.counter("stowage_watch_bad_objects_total",
                                 "Objects skipped because they could not be decoded.", label())),
        synced(
            sink.gauge("stowage_watch_synced", "1 once a whole list has been delivered.", label())),
        last_contact(sink.gauge("stowage_watch_last_contact_timestamp_seconds",
                                "When the server last sent an event, a bookmark or a list.",
                                label())) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      auto labels = label();
      labels.emplace_back("type", eventTypeName(static_cast<WatchEvent::Type>(i)));
      events[i] = &sink.counter("stowage_watch_events_total", "Events received.", labels);
    }
    synced.set(0);
    sink.announce(errorsFamily());
  }
  [[nodiscard]] base::MetricLabels label() const { return {{"resource", resource_}}; }
  void countTrouble(WatchTrouble trouble) {
    auto labels = label();
    labels.emplace_back("reason", watchTroubleName(trouble));
    sink_.counter(errorsFamily().name, errorsFamily().help, labels).increment();
  }

  base::MetricSink& sink_;
  std::string resource_;
  base::Counter& lists;
  base::Counter& bad_objects;
  base::Gauge& synced;
  base::Gauge& last_contact;
  std::array<base::Counter*, 6> events{};
  // In the log; here because it is the reflector's other way to tell.
  base::Repeats complaints{kComplainAgain};
};

ReflectorLoop::ReflectorLoop(ReflectorOptions options, ApiClient& api, ObjectCodec& codec,
                             base::Clock& clock, std::uint64_t seed, base::MetricSink& metrics)
    : options_(std::move(options)),
      path_(resourcePath(options_.type, options_.ns)),
      api_(api),
      codec_(codec),
      clock_(clock),
      rng_(seed),
      machine_(machineOptions(options_), rng_),
      metrics_(std::make_unique<Metrics>(metrics, resourceName(options_.type))),
      last_contact_(clock.now()) {}

ReflectorLoop::~ReflectorLoop() = default;

void ReflectorLoop::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const WatchMachine::Step step = machine_.next(clock_.now());
    if (const auto* wait = std::get_if<WatchMachine::Wait>(&step)) {
      clock_.sleepFor(wait->time, stop);
    } else if (const auto* list = std::get_if<WatchMachine::ListPage>(&step)) {
      listPage(*list, stop);
    } else {
      watch(std::get<WatchMachine::OpenWatch>(step), stop);
    }
  }
  codec_.clearStage();
}

void ReflectorLoop::listPage(const WatchMachine::ListPage& step, const std::stop_token& stop) {
  CallOptions call;
  call.timeout = options_.list_timeout;
  call.query = step.query;
  const auto answer = api_.get(path_, call, stop);
  if (stop.stop_requested()) return;
  if (!answer) {
    codec_.clearStage();
    machine_.onListError(answer.error(), clock_.now());
    noteError("list failed", answer.error().message);
    noteRefusal(answer.error());
    return;
  }
  int logged = 0;
  const auto meta = codec_.stagePage(*answer, [&](std::string_view key, std::string_view message) {
    onBadObject(key, message, logged++ < kLoggedBadObjects);
  });
  if (!meta) {
    codec_.clearStage();
    machine_.onUnreadableList(clock_.now());
    noteError("list cannot be read", meta.error().message());
    return;
  }
  const WatchMachine::PageVerdict verdict = machine_.onPage(*meta, clock_.now());
  noteContact();
  switch (verdict) {
    case WatchMachine::PageVerdict::kMore:
      break;
    case WatchMachine::PageVerdict::kComplete:
      commit();
      break;
    case WatchMachine::PageVerdict::kFailed:
      codec_.clearStage();
      noteError("list does not end", "the server repeats its continue token");
      break;
  }
}

void ReflectorLoop::watch(const WatchMachine::OpenWatch& step, const std::stop_token& stop) {
  LineSplitter splitter;
  stream_started_ = clock_.now();
  bookmark_warned_ = false;
  stream_error_.clear();
  const base::SteadyTime latest = stream_started_ + step.timeout + kWatchMargin;
  const auto on_piece = [&](std::string_view piece) {
    if (stop.stop_requested() || clock_.now() > latest) return false;
    const auto verdict = splitter.feed(
        piece, [&](std::string_view line) { return onLine(line) && !stop.stop_requested(); });
    if (verdict == LineSplitter::Verdict::kTooLong) {
      stream_error_ = "a line is longer than 16 MiB";
      machine_.onUnreadableLine(clock_.now());
    }
    return verdict == LineSplitter::Verdict::kContinue;
  };
  const auto end = api_.stream(path_ + encodeQuery(step.query),
                               {options_.idle_timeout, options_.lane}, stop, on_piece);
  if (stop.stop_requested()) return;
  warnWithoutBookmark();
  codec_.clearStage();  // of a streaming list that did not come to its mark
  if (!end) {
    machine_.onWatchError(end.error(), clock_.now());
    noteError("watch failed", stream_error_.empty() ? end.error().message : stream_error_);
    noteRefusal(end.error());
  } else {
    machine_.onWatchEnd(end->reason, clock_.now());
    noteError("watch ended", stream_error_.empty() ? end->message : stream_error_);
  }
}

bool ReflectorLoop::onLine(std::string_view line) {
  const auto event = codec_.decode(line);
  if (!event) {
    stream_error_ = event.error().message();
    machine_.onUnreadableLine(clock_.now());
    return false;
  }
  metrics_->events[static_cast<std::size_t>(event->type)]->increment();
  if (event->bad) onBadObject(event->bad_key, event->bad_message, true);
  if (event->type == WatchEvent::Type::kUnknown) {
    base::log().warn("watch event of unknown type skipped",
                     {{"resource", path_}, {"type", event->detail}});
  }
  if (event->type == WatchEvent::Type::kError) stream_error_ = event->detail;
  warnWithoutBookmark();
  const WatchMachine::EventVerdict verdict = machine_.onEvent(*event, clock_.now());
  noteContact();
  deliver(verdict.delivery);
  if (!verdict.end && health_.synced && !machine_.awaitingInitialEvents()) noteGiven();
  return !verdict.end;
}

void ReflectorLoop::deliver(WatchMachine::Delivery delivery) {
  switch (delivery) {
    case WatchMachine::Delivery::kNone:
      break;
    case WatchMachine::Delivery::kApply:
      codec_.apply();
      break;
    case WatchMachine::Delivery::kRemove:
      codec_.remove();
      break;
    case WatchMachine::Delivery::kStageApply:
      codec_.stageApply();
      break;
    case WatchMachine::Delivery::kStageRemove:
      codec_.stageDelete();
      break;
    case WatchMachine::Delivery::kCommitStage:
      commit();
      break;
  }
}

void ReflectorLoop::commit() {
  metrics_->complaints.forget();
  codec_.commitStage(machine_.resourceVersion());
  metrics_->lists.increment();
  metrics_->synced.set(1);
  {
    std::lock_guard lock(mutex_);
    ++health_.relists;
    health_.synced = true;
    health_.last_error.clear();
  }
  noteGiven();
}

void ReflectorLoop::noteRefusal(const ApiError& error) {
  const bool refusal = error.code == base::Code::kForbidden || error.code == base::Code::kNotFound;
  if (!refusal || !options_.on_refusal || refused_ == error.message) return;
  refused_ = error.message.empty() ? "refused without a word" : error.message;
  options_.on_refusal(refused_);
}

// The consumer is in step again: a whole list has been delivered, or the watch goes on.
void ReflectorLoop::noteGiven() {
  if (refused_.empty()) return;
  refused_.clear();
  options_.on_refusal({});
}

void ReflectorLoop::onBadObject(std::string_view key, std::string_view message, bool logged) {
  metrics_->bad_objects.increment();
  {
    std::lock_guard lock(mutex_);
    ++health_.bad_objects;
  }
  if (!logged) return;
  base::log().warn("object cannot be decoded and is skipped",
                   {{"resource", path_}, {"object", key}, {"error", message}});
}

void ReflectorLoop::warnWithoutBookmark() {
  if (bookmark_warned_ || !machine_.awaitingInitialEvents()) return;
  const base::Duration waited = clock_.now() - stream_started_;
  if (waited < kBookmarkPatience) return;
  bookmark_warned_ = true;
  base::log().warn("streaming list has not ended yet",
                   {{"resource", path_},
                    {"seconds", std::chrono::duration_cast<std::chrono::seconds>(waited).count()}});
}

void ReflectorLoop::noteContact() {
  metrics_->last_contact.set(
      std::chrono::duration<double>(clock_.wallNow().time_since_epoch()).count());
  std::lock_guard lock(mutex_);
  last_contact_ = clock_.now();
  health_.last_resource_version = machine_.resourceVersion();
}

void ReflectorLoop::noteError(const std::string& what, const std::string& message) {
  const WatchTrouble trouble = machine_.trouble();
  const std::string reason(watchTroubleName(trouble));
  {
    std::lock_guard lock(mutex_);
    health_.last_resource_version = machine_.resourceVersion();
    health_.last_error =
        trouble == WatchTrouble::kNone ? "" : what + " (" + reason + "): " + message;
  }
  if (trouble == WatchTrouble::kNone) return;
  metrics_->countTrouble(trouble);
  const bool quiet =
      isOfAllResources(trouble) ||
      !metrics_->complaints.worthSaying(what + "\n" + reason + "\n" + message, clock_.now());
  const auto level = quiet                                 ? base::LogLevel::kDebug
                     : trouble == WatchTrouble::kForbidden ? base::LogLevel::kError
                     : trouble == WatchTrouble::kIdle || trouble == WatchTrouble::kTruncated ||
                             trouble == WatchTrouble::kExpired
                         ? base::LogLevel::kInfo
                         : base::LogLevel::kWarn;
  base::log().write(level, what, {{"resource", path_}, {"reason", reason}, {"error", message}});
  if (options_.on_error) options_.on_error(what + " (" + reason + "): " + message);
}

ReflectorHealth ReflectorLoop::health() const {
  std::lock_guard lock(mutex_);
  ReflectorHealth health = health_;
  health.last_event_age = clock_.now() - last_contact_;
  return health;
}

}  // namespace stowage::k8sclient
