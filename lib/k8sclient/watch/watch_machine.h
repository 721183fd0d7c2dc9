// WatchMachine: the rules of list and watch as a state machine. It has no thread, no clock and no
// I/O: next() says what to do, the on...() calls say what came of it, `now` comes in.
//
//              +---------------- relist (410, ERROR, garbage, closed within 1 s, 4xx) -----------+
//              v                                                                                  |
//   kSync --> streaming list (WatchList) --initial-events-end--> same stream goes on as a watch --+
//     |          | cannot: 4xx for good; else this time                                           |
//     +----> kListing: page by page ---------complete----------> kWatching ----------------------+
//                ^ 410, too-large version: once more at ""          |  ^ end of stream, silence:
//                +--------------------------------------------------+  | again at the last version
//                                                                   +--+
// Assumptions: list answers are atomic snapshots; a watch sends every change after its version, in
// order, except the synthetic ADDEDs of a watch begun at "" or "0".
// Thread safety: none; belongs to one reflector. Source: client-go tools/cache/reflector.go,
// tools/pager/pager.go, v0.36.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/rng.h"
#include "k8sclient/rest/api_client.h"
#include "k8sclient/watch/backoff.h"
#include "k8sclient/watch/object_codec.h"

namespace stowage::k8sclient {

struct WatchMachineOptions {
  std::string field_selector;
  std::string label_selector;
  int page_size = 500;
  bool use_watch_list = true;
  bool consistent_first_list = false;
  base::Duration min_watch_timeout = std::chrono::minutes(5);
  base::Duration max_watch_timeout = std::chrono::minutes(10);
  BackoffOptions backoff;
};

// Why an exchange did not end well; the label of the error counter.
enum class WatchTrouble {
  kNone,
  kExpired,       // 410: the version is too old
  kTooLarge,      // the server has not reached the version yet
  kThrottled,     // 429
  kUnreachable,   // no answer at all
  kServerError,   // 5xx
  kUnauthorized,  // 401
  kForbidden,     // 403: an RBAC rule is missing
  kNotFound,      // 404: the type is not served
  kRejected,      // any other 4xx
  kTooBig,        // an answer above our own limit
  kUnreadable,    // an answer or a line that cannot be decoded
  kShortWatch,    // closed within a second without an event
  kTruncated,     // cut in the middle
  kIdle,          // silent for too long
  kNoBookmark,    // a streaming list ended before its end mark
};
std::string_view watchTroubleName(WatchTrouble trouble);

class WatchMachine {
 public:
  struct ListPage {
    Query query;
  };
  struct OpenWatch {
    Query query;
    base::Duration timeout;  // what the server was asked for
  };
  struct Wait {
    base::Duration time;
  };
  using Step = std::variant<ListPage, OpenWatch, Wait>;

  // `rng` must outlive the machine.
  WatchMachine(WatchMachineOptions options, base::Rng& rng);

  // What to do next. After a Wait, ask again.
  Step next(base::SteadyTime now);

  // A page of a list was read. kMore: keep what is staged and go on; kComplete: deliver the stage
  // at resourceVersion(); kFailed: throw the stage away.
  enum class PageVerdict { kMore, kComplete, kFailed };
  PageVerdict onPage(const kubeapi::ListMeta& meta, base::SteadyTime now);
  // The stage is to be thrown away.
  void onListError(const ApiError& error, base::SteadyTime now);
  // The server answered a list with something that is none.
  void onUnreadableList(base::SteadyTime now);

  // What to do with the event that was decoded; `end` closes the stream.
  enum class Delivery { kNone, kApply, kRemove, kStageApply, kStageRemove, kCommitStage };
  struct EventVerdict {
    Delivery delivery = Delivery::kNone;
    bool end = false;
  };
  EventVerdict onEvent(const WatchEvent& event, base::SteadyTime now);
  // A line that is no event, or one that is too long: close the stream.
  void onUnreadableLine(base::SteadyTime now);
  // The watch was refused, or never answered.
  void onWatchError(const ApiError& error, base::SteadyTime now);
  // The stream ended; ignored when an event or a line ended it already.
  void onWatchEnd(StreamEnd::Reason reason, base::SteadyTime now);

  [[nodiscard]] const std::string& resourceVersion() const { return last_version_; }
  // Of the last exchange.
  [[nodiscard]] WatchTrouble trouble() const { return trouble_; }
  // A streaming list is under way and its end mark has not come.
  [[nodiscard]] bool awaitingInitialEvents() const { return stream_list_; }

 private:
  enum class Phase { kSync, kListing, kWatching };

  void beginList();
  Query listQuery() const;
  Step openWatch(base::SteadyTime now);
  // Wait, then synchronise from scratch or watch again.
  void backOff(WatchTrouble trouble, Phase then, base::SteadyTime now,
               std::int64_t at_least_seconds = 0);
  void listAtConsistentVersion();
  void onStreamListError(const ApiError& error, WatchTrouble trouble, base::SteadyTime now);
  void streamListFailed(WatchTrouble trouble, base::SteadyTime now);
  EventVerdict onErrorEvent(const std::string& status_json, base::SteadyTime now);
  EventVerdict onStreamListEvent(const WatchEvent& event);

  const WatchMachineOptions options_;
  base::Rng& rng_;
  Backoff backoff_;
  Phase phase_ = Phase::kSync;
  std::optional<base::Duration> wait_;
  WatchTrouble trouble_ = WatchTrouble::kNone;

  std::string last_version_;
  bool version_unavailable_ = false;  // list at "" until a list succeeds

  // The list under way.
  std::string list_version_;
  std::string continue_token_;
  int limit_ = 0;
  int pages_ = 0;
  bool tried_consistent_ = false;
  bool server_pages_ = false;  // the first list at "0" was paged: no watch cache, keep paging

  // The streaming list.
  bool watch_list_allowed_;
  bool skip_watch_list_ = false;  // for the next synchronisation only
  int stream_list_failures_ = 0;
  bool stream_list_ = false;  // the stream under way still sends initial events

  // The watch under way.
  bool synthetic_ = false;  // ADDEDs carry versions out of order
  bool ended_ = false;      // an event or a line decided already
  std::uint64_t events_ = 0;
  base::SteadyTime opened_{};
  std::optional<base::SteadyTime> internal_errors_since_;
};

}  // namespace stowage::k8sclient
