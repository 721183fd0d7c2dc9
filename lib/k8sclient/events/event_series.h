// EventSeriesBook: which records become API writes. Like records (everything equal but the note)
// are one series: the first is created, the second patched in as a series, later ones only counted
// until the series is refreshed or ends. Objects that cause too many writes are throttled.
// Pure: no thread, no I/O, time comes in. Not thread safe. Memory is bounded by the options.
// Source: client-go tools/events/event_broadcaster.go, tools/record/events_cache.go, v0.36.3.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/rng.h"
#include "k8sclient/events/event_record.h"
#include "k8sclient/events/spam_filter.h"

namespace stowage::k8sclient {

struct EventSeriesOptions {
  base::Duration finish_after = std::chrono::minutes(6);    // idle series end with a last patch
  base::Duration refresh_every = std::chrono::minutes(30);  // events live for an hour
  base::Duration retry_after = std::chrono::seconds(10);    // +0..25 %
  int max_tries = 12;
  std::size_t max_series = 16'384;  // the one longest not seen is forgotten
  SpamFilterOptions spam;
};

// One call to make. `path` has no query.
struct EventWrite {
  std::uint64_t series = 0;  // for EventSeriesBook::finished
  enum class Kind { kCreate, kPatch } kind = Kind::kCreate;
  std::string path;
  std::string body;
};

// What became of a write, as far as it matters here.
enum class EventWriteResult {
  kWritten,
  kNotFound,  // of a patch: the event is gone, create it anew
  kExists,    // of a create
  kRefused,   // any other 4xx: the event is malformed or unwanted
  kFailed,    // no answer, 429 or 5xx: worth trying again
};

struct EventCounts {
  std::uint64_t spam_dropped = 0;
  std::uint64_t refused = 0;
  std::uint64_t gave_up = 0;    // all tries failed
  std::uint64_t invalid = 0;    // a required field is missing
  std::uint64_t forgotten = 0;  // series pushed out by others
};

class EventSeriesBook {
 public:
  EventSeriesBook(EventSeriesOptions options, std::uint64_t seed);

  // Takes a record that was made at `now`/`wall`; may make a write ready.
  // Fields that are too long are cut; a record without a required field is dropped and counted.
  void observe(EventRecord record, base::SteadyTime now, base::WallTime wall);
  // The next write that is due, if any. Its series is then busy until finished().
  std::optional<EventWrite> takeWrite(base::SteadyTime now);
  void finished(std::uint64_t series, EventWriteResult result, base::SteadyTime now);
  // When takeWrite() should be asked again, if nothing else happens.
  [[nodiscard]] std::optional<base::SteadyTime> nextDue() const;

  [[nodiscard]] std::size_t size() const { return series_.size(); }
  [[nodiscard]] const EventCounts& counts() const { return counts_; }

 private:
  struct Series {
    EventRecord record;  // of the first occurrence
    std::string key;
    std::string name;
    base::WallTime first_wall;
    base::WallTime last_wall;
    base::SteadyTime last;          // last occurrence
    base::SteadyTime last_written;  // last successful write
    int count = 1;
    int sent_count = 0;     // of the write under way
    int written_count = 0;  // what the server knows; 0: nothing yet
    int tries = 0;
    bool exists = false;  // at the server: the next write is a patch
    bool wanted = false;  // a write is to be made when the time in due_ comes
    bool busy = false;    // a write is under way
    bool ending = false;  // forget after the write that is wanted or under way
    std::optional<std::multimap<base::SteadyTime, std::uint64_t>::iterator> due;
    std::list<std::uint64_t>::iterator age;
  };

  // Wakes the series at `when`; a series has one time only.
  void schedule(std::uint64_t id, Series& series, base::SteadyTime when);
  void want(std::uint64_t id, Series& series, base::SteadyTime when);
  // When an idle series has to be looked at again: its end, or its refresh.
  [[nodiscard]] base::SteadyTime timerOf(const Series& series) const;
  // The time of a series without a wanted write has come: end, refresh or go on waiting.
  void onTimer(std::uint64_t id, Series& series, base::SteadyTime now);
  void onWritten(std::uint64_t id, Series& series, base::SteadyTime now);
  void retry(std::uint64_t id, Series& series, base::SteadyTime when);
  void again(std::uint64_t id, Series& series, base::SteadyTime now, base::WallTime wall);
  void forget(std::uint64_t id);
  void makeRoom();
  [[nodiscard]] EventWrite render(std::uint64_t id, const Series& series) const;
  std::string uniqueName(const std::string& regarding, base::WallTime wall);

  const EventSeriesOptions options_;
  base::Rng rng_;
  SpamFilter spam_;
  EventCounts counts_;
  std::uint64_t next_id_ = 1;
  std::int64_t last_nanos_ = 0;
  std::unordered_map<std::uint64_t, Series> series_;
  std::unordered_map<std::string, std::uint64_t> by_key_;
  std::list<std::uint64_t> ages_;  // longest not seen first
  std::multimap<base::SteadyTime, std::uint64_t> due_;
};

}  // namespace stowage::k8sclient
