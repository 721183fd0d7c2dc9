#include "k8sclient/events/event_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "k8sclient/events/event_json.h"
#include "k8sclient/rest/api_client.h"

namespace stowage::k8sclient {

namespace {

const ResourceType kEvents{"events.k8s.io", "v1", "events"};
constexpr double kRetryJitter = 0.25;

}  // namespace

EventSeriesBook::EventSeriesBook(EventSeriesOptions options, std::uint64_t seed)
    : options_(options), rng_(seed), spam_(options.spam) {}

void EventSeriesBook::observe(EventRecord record, base::SteadyTime now, base::WallTime wall) {
  if (!makeValid(record)) {
    ++counts_.invalid;
    return;
  }
  std::string key = seriesKey(record);
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    return again(known->second, series_.at(known->second), now, wall);
  }
  if (!spam_.allow(objectKey(record.regarding), now)) {
    ++counts_.spam_dropped;
    return;
  }
  makeRoom();
  const std::uint64_t id = next_id_++;
  Series& series = series_[id];
  series.name = uniqueName(record.regarding.name, wall);
  series.record = std::move(record);
  series.key = key;
  series.first_wall = series.last_wall = wall;
  series.last = series.last_written = now;
  ages_.push_back(id);
  series.age = std::prev(ages_.end());
  by_key_.emplace(std::move(key), id);
  want(id, series, now);
}

void EventSeriesBook::again(std::uint64_t id, Series& series, base::SteadyTime now,
                            base::WallTime wall) {
  ++series.count;
  series.last = now;
  series.last_wall = wall;
  series.ending = false;
  ages_.splice(ages_.end(), ages_, series.age);
  if (series.busy || series.wanted) return;  // the write that comes carries the count
  if (series.written_count == 1) {
    // The second of its kind makes the event a series; later ones are only counted.
    if (spam_.allow(objectKey(series.record.regarding), now)) return want(id, series, now);
    ++counts_.spam_dropped;
  }
  schedule(id, series, timerOf(series));
}

std::optional<EventWrite> EventSeriesBook::takeWrite(base::SteadyTime now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const std::uint64_t id = due_.begin()->second;
    due_.erase(due_.begin());
    Series& series = series_.at(id);
    series.due.reset();
    if (!series.wanted) {
      onTimer(id, series, now);
      continue;
    }
    series.wanted = false;
    series.busy = true;
    series.sent_count = series.count;
    return render(id, series);
  }
  return std::nullopt;
}

void EventSeriesBook::finished(std::uint64_t id, EventWriteResult result, base::SteadyTime now) {
  const auto at = series_.find(id);
  if (at == series_.end()) return;
  Series& series = at->second;
  const bool was_patch = series.exists;
  series.busy = false;
  switch (result) {
    case EventWriteResult::kWritten:
      return onWritten(id, series, now);
    case EventWriteResult::kNotFound:
      if (!was_patch) break;  // the namespace is gone
      series.exists = false;  // expired at the server: create it anew
      return retry(id, series, now);
    case EventWriteResult::kExists:
      // Ours, from a create whose answer was lost.
      series.exists = true;
      if (series.sent_count == 1) return onWritten(id, series, now);
      return retry(id, series, now);
    case EventWriteResult::kRefused:
      break;
    case EventWriteResult::kFailed: {
      const auto spread = static_cast<double>(options_.retry_after.count()) * kRetryJitter;
      return retry(id, series,
                   now + options_.retry_after +
                       base::Duration(static_cast<base::Duration::rep>(spread * rng_.uniform())));
    }
  }
  ++counts_.refused;
  forget(id);
}

void EventSeriesBook::onWritten(std::uint64_t id, Series& series, base::SteadyTime now) {
  const bool first = series.written_count == 0;
  series.exists = true;
  series.tries = 0;
  series.written_count = series.sent_count;
  series.last_written = now;
  if (series.ending && series.count == series.written_count) return forget(id);
  series.ending = false;
  // It came again while it was being created.
  if (first && series.written_count == 1 && series.count > 1) return want(id, series, now);
  schedule(id, series, timerOf(series));
}

void EventSeriesBook::retry(std::uint64_t id, Series& series, base::SteadyTime when) {
  if (++series.tries >= options_.max_tries) {
    ++counts_.gave_up;
    return forget(id);
  }
  want(id, series, when);
}

void EventSeriesBook::onTimer(std::uint64_t id, Series& series, base::SteadyTime now) {
  if (now - series.last >= options_.finish_after) {
    if (series.count == series.written_count) return forget(id);
    series.ending = true;  // with its last count
    return want(id, series, now);
  }
  if (series.count > 1 && now - series.last_written >= options_.refresh_every) {
    return want(id, series, now);
  }
  schedule(id, series, timerOf(series));
}

base::SteadyTime EventSeriesBook::timerOf(const Series& series) const {
  const base::SteadyTime end = series.last + options_.finish_after;
  if (series.count == 1) return end;
  return std::min(end, series.last_written + options_.refresh_every);
}

void EventSeriesBook::schedule(std::uint64_t id, Series& series, base::SteadyTime when) {
  if (series.due) due_.erase(*series.due);
  series.due = due_.emplace(when, id);
}

void EventSeriesBook::want(std::uint64_t id, Series& series, base::SteadyTime when) {
  series.wanted = true;
  schedule(id, series, when);
}

std::optional<base::SteadyTime> EventSeriesBook::nextDue() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void EventSeriesBook::forget(std::uint64_t id) {
  const auto at = series_.find(id);
  Series& series = at->second;
  if (series.due) due_.erase(*series.due);
  ages_.erase(series.age);
  by_key_.erase(series.key);
  series_.erase(at);
}

void EventSeriesBook::makeRoom() {
  if (series_.size() < options_.max_series) return;
  const std::uint64_t oldest = ages_.front();
  const Series& series = series_.at(oldest);
  if (series.count != series.written_count) ++counts_.forgotten;  // something was lost
  forget(oldest);  // a write of it under way is then nobody's business any more
}

EventWrite EventSeriesBook::render(std::uint64_t id, const Series& series) const {
  const std::string ns = eventNamespace(series.record.regarding);
  const SeriesState state{series.count, series.last_wall};
  EventWrite write;
  write.series = id;
  if (series.exists) {
    write.kind = EventWrite::Kind::kPatch;
    write.path = resourcePath(kEvents, ns, series.name);
    write.body = encodeSeriesPatch(state);
  } else {
    write.path = resourcePath(kEvents, ns);
    write.body = encodeEvent(series.record, series.name, series.first_wall,
                             series.count > 1 ? std::optional(state) : std::nullopt);
  }
  return write;
}

std::string EventSeriesBook::uniqueName(const std::string& regarding, base::WallTime wall) {
  const std::int64_t nanos =
      std::chrono::duration_cast<std::chrono::nanoseconds>(wall.time_since_epoch()).count();
  last_nanos_ = std::max(nanos, last_nanos_ + 1);  // two in the same tick differ
  std::string name = fmt::format("{}.{:x}", regarding, last_nanos_);
  if (isDnsSubdomain(name)) return name;
  const std::uint64_t a = rng_.next();
  const std::uint64_t b = rng_.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff,
                     0x8000 | ((b >> 48) & 0x3fff), b & 0xffffffffffff);
}

}  // namespace stowage::k8sclient
