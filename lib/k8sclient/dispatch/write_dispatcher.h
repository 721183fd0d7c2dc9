// WriteDispatcher: sends per-object writes on its own threads, so that who decides never waits for
// an HTTP answer. At most one write of an object is under way and one waits; what waits is
// superseded by something newer and at least as relevant. Waiting binds go before other writes:
// each gives somebody a running pod; one in five sends is for the others if any wait.
// Thread safety: submit() and counts from any thread, never blocks on I/O; start() and stop() from
// one owner. finished() of a write is called exactly once for each accepted write that is not taken
// back, on a sender thread, on the thread of a submit() that superseded it, or on that of stop();
// never under a lock. Source: kube-scheduler pkg/scheduler/backend/api_dispatcher, v1.36.3.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "base/status.h"
#include "base/symbols.h"

namespace stowage::k8sclient {

enum class WriteEnd {
  kExecuted,    // the call was made; the Status says how it went
  kSuperseded,  // a newer or more relevant write took its place before it was sent
  kAbandoned,   // the dispatcher stopped before it was sent
};

// Relevance and call types of kube-scheduler (framework/api_calls): a bind overrides a waiting
// status patch; a patch does not go out beside a bind.
inline constexpr int kStatusPatchRelevance = 1;
inline constexpr int kBindRelevance = 2;
inline constexpr int kEvictionRelevance = 3;  // Stowage's: a victim's bind no longer matters
inline constexpr const char* kStatusPatchCall = "pod_status_patch";
inline constexpr const char* kBindCall = "pod_binding";
inline constexpr const char* kEvictionCall = "pod_eviction";

// One write to one object.
class ObjectWrite {
 public:
  virtual ~ObjectWrite() = default;
  [[nodiscard]] virtual base::Symbol object() const = 0;        // uid
  [[nodiscard]] virtual std::string_view callType() const = 0;  // metric label; a small fixed set
  [[nodiscard]] virtual int relevance() const = 0;
  // Makes the call; blocks. On a sender thread.
  virtual base::Status execute(const std::stop_token& stop) = 0;
  // This write takes the place of `older`, which has the same call type and was never sent: take
  // over what it said and this one does not. Called under the dispatcher's lock: must be quick.
  virtual void absorb(const ObjectWrite& /*older*/) {}
  // `status` matters with kExecuted only.
  virtual void finished(WriteEnd end, const base::Status& status) = 0;
};

// A write made of functions.
struct WriteCall {
  base::Symbol object;
  std::string call_type;
  int relevance = 0;
  std::function<base::Status(const std::stop_token&)> execute;
  std::function<void(WriteEnd, const base::Status&)> finished;  // may be empty
};
std::unique_ptr<ObjectWrite> makeWrite(WriteCall call);

struct WriteDispatcherOptions {
  int senders = 4;
  std::size_t max_pending = 10'000;  // waiting writes, those under way not counted
};

class WriteDispatcher {
 public:
  // `call_types`: all that submit() will see; their metrics exist, as zeros, from the start.
  WriteDispatcher(WriteDispatcherOptions options, const std::vector<std::string>& call_types,
                  base::Clock& clock, base::MetricSink& metrics);
  ~WriteDispatcher();
  WriteDispatcher(const WriteDispatcher&) = delete;
  WriteDispatcher& operator=(const WriteDispatcher&) = delete;

  void start();

  // kQueued: finished() will come. Otherwise the write was not taken and finished() never comes.
  enum class Submitted {
    kQueued,
    kSkipped,  // a more relevant write of the object waits or is under way
    kFull,     // too many wait
    kStopped,
  };
  [[nodiscard]] Submitted submit(std::unique_ptr<ObjectWrite> write);

  // Takes a waiting write of that call type back: it is never sent, and its finished() never comes.
  // False when none waits: it is under way, done, or was never there.
  bool takeBack(const base::Symbol& object, std::string_view call_type);

  // Takes no more writes, goes on sending until all are sent or `limit` (real time) has passed,
  // then cancels calls under way, abandons the rest and ends the threads. True when all were sent.
  bool stop(base::Duration limit);

  [[nodiscard]] std::size_t pending() const;
  [[nodiscard]] std::size_t inFlight() const;

 private:
  struct Metrics;
  struct Slot {
    std::unique_ptr<ObjectWrite> waiting;
    bool in_flight = false;
    int in_flight_relevance = 0;
  };

  // Which of the two queues a write waits in.
  enum Lane : std::uint8_t { kBinds, kOthers, kLanes };
  static Lane laneOf(const ObjectWrite& write);
  void send(const std::stop_token& stop);
  base::Symbol takeNextLocked();
  [[nodiscard]] bool nothingWaitsLocked() const;
  [[nodiscard]] bool allSentLocked() const { return pending_ == 0 && in_flight_ == 0; }
  void finish(std::unique_ptr<ObjectWrite> write, const base::Status& status, base::Duration took);

  const WriteDispatcherOptions options_;
  base::Clock& clock_;
  std::unique_ptr<Metrics> metrics_;

  mutable std::mutex mutex_;          // guards what follows
  std::condition_variable_any work_;  // a sender waits for the queue; one write wakes one of them
  std::condition_variable idle_;      // stop() waits for the last write
  std::unordered_map<base::Symbol, Slot> slots_;
  // Objects whose waiting write may be sent, oldest first.
  std::array<std::deque<base::Symbol>, kLanes> queues_;
  int binds_in_a_row_ = 0;  // sent while others waited
  std::size_t pending_ = 0;
  std::size_t in_flight_ = 0;
  bool accepting_ = true;

  std::vector<std::jthread> threads_;
};

}  // namespace stowage::k8sclient
