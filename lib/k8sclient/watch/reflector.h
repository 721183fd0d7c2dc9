// Reflector: keeps a consumer in step with one resource type of the API server: list (or streaming
// list), then watch, for as long as it runs. The rules are WatchMachine's (watch_machine.h), the
// loop is ReflectorLoop's (reflector_loop.h); this header adds the object type and the thread.
//
//   ObjectCache<Pod> cache;
//   Reflector<Pod> reflector(options, api, cache, clock, seed, metrics);
//   reflector.start();
//   ... reflector.stop();      // or the destructor
//
// Thread safety: start() and stop() from one owner; health() from any thread. The sink is called on
// the reflector's own thread only, one call at a time, in the order of the API server. A sink may
// block (a bounded queue): the stream then waits. A stream that ends meanwhile is taken up again
// from the last object that the sink took, so that nothing is lost or doubled.
// Ownership: api, sink, clock and metrics must outlive the reflector.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metric_sink.h"
#include "k8sclient/rest/api_client.h"
#include "k8sclient/watch/object_codec.h"
#include "k8sclient/watch/reflector_loop.h"
#include "k8sclient/watch/reflector_sink.h"

namespace stowage::k8sclient {

template <typename T>
class Reflector {
 public:
  // `seed`: for the random watch timeouts and waits; different per process.
  Reflector(ReflectorOptions options, ApiClient& api, ReflectorSink<T>& sink, base::Clock& clock,
            std::uint64_t seed, base::MetricSink& metrics)
      : codec_(sink), loop_(std::move(options), api, codec_, clock, seed, metrics) {}
  ~Reflector() { stop(); }
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  // Starts the thread. Once only.
  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { loop_.run(stop); });
  }
  // Ends the thread and waits for it; no call to the sink comes afterwards.
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  // Runs on the calling thread until `stop`; instead of start() for owners with threads of their
  // own.
  void run(const std::stop_token& stop) { loop_.run(stop); }

  [[nodiscard]] ReflectorHealth health() const { return loop_.health(); }

 private:
  TypedCodec<T> codec_;
  ReflectorLoop loop_;
  std::jthread thread_;
};

}  // namespace stowage::k8sclient
