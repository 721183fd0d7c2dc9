// ReflectorLoop: the untyped shell around WatchMachine. Does what the machine says: calls the API,
// cuts the stream into lines, has the codec decode and deliver them, sleeps on the clock, counts.
// Thread safety: run() on one thread; health() from any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/rng.h"
#include "k8sclient/rest/api_client.h"
#include "k8sclient/watch/backoff.h"
#include "k8sclient/watch/object_codec.h"
#include "k8sclient/watch/watch_machine.h"

namespace stowage::k8sclient {

struct ReflectorOptions {
  ResourceType type;
  std::string ns;              // empty: all namespaces, or a cluster-scoped type
  std::string field_selector;  // "" or as kubectl's --field-selector
  std::string label_selector;
  int page_size = 500;         // upstream's default
  bool use_watch_list = true;  // streaming list, with fallback; servers from 1.34 have it on
  // The first list shows at least what was there when it was asked for (a streaming one always
  // does), instead of what a watch cache happens to hold: for those who delete by what they see.
  bool consistent_first_list = false;
  // Bookmarks come about once a minute: three missed ones mean a dead connection.
  base::Duration idle_timeout = std::chrono::seconds(180);
  base::Duration min_watch_timeout = std::chrono::minutes(5);
  base::Duration max_watch_timeout = std::chrono::minutes(10);
  base::Duration list_timeout = std::chrono::seconds(60);  // one page; the server's own limit
  // Of the watch; pages of lists are few and always take the default lane.
  CallOptions::Lane lane = CallOptions::Lane::kDefault;
  BackoffOptions backoff;
  // Told of each exchange that failed, on the reflector's thread. May be empty.
  std::function<void(const std::string& error)> on_error;
  // Told on the reflector's thread when the server refuses the type itself (403: no right to it,
  // 404: not served), with its words, and with "" once it gives it again. Repeated refusals with
  // the same words are told once.
  std::function<void(const std::string& why)> on_refusal;
};

struct ReflectorHealth {
  bool synced = false;  // a whole list has been delivered at least once
  // Since the server last said something (event, bookmark or list); since start before that.
  base::Duration last_event_age{};
  std::string last_resource_version;
  std::uint64_t relists = 0;      // whole lists delivered, the first included
  std::uint64_t bad_objects = 0;  // objects skipped because they could not be decoded
  std::string last_error;         // "" when the last exchange went well
};

class ReflectorLoop {
 public:
  // The references must outlive the loop.
  ReflectorLoop(ReflectorOptions options, ApiClient& api, ObjectCodec& codec, base::Clock& clock,
                std::uint64_t seed, base::MetricSink& metrics);
  ~ReflectorLoop();

  // Lists and watches until `stop`. Returns only then.
  void run(const std::stop_token& stop);

  [[nodiscard]] ReflectorHealth health() const;

 private:
  void listPage(const WatchMachine::ListPage& step, const std::stop_token& stop);
  void watch(const WatchMachine::OpenWatch& step, const std::stop_token& stop);
  // False ends the stream.
  bool onLine(std::string_view line);
  void deliver(WatchMachine::Delivery delivery);
  void commit();
  void onBadObject(std::string_view key, std::string_view message, bool logged);
  void warnWithoutBookmark();
  void noteContact();
  void noteRefusal(const ApiError& error);
  void noteGiven();
  void noteError(const std::string& what, const std::string& message);

  struct Metrics;

  const ReflectorOptions options_;
  const std::string path_;
  ApiClient& api_;
  ObjectCodec& codec_;
  base::Clock& clock_;
  base::Rng rng_;
  WatchMachine machine_;
  std::unique_ptr<Metrics> metrics_;
  base::SteadyTime stream_started_{};
  bool bookmark_warned_ = false;
  std::string stream_error_;  // why we ended the stream under way
  std::string refused_;       // what on_refusal was last told

  mutable std::mutex mutex_;  // guards what follows
  ReflectorHealth health_;
  base::SteadyTime last_contact_;
};

}  // namespace stowage::k8sclient
