// Wire: one TCP connection of a test server, plain or TLS. Calls block, and return at once when the
// server is told to stop. Used by one thread, except for stop signals.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace stowage::testing {

// A flag that poll() can wait on. raise() from any thread.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  void raise() const;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

// A listening socket on a free port of 127.0.0.1 (or ::1).
class Listener {
 public:
  explicit Listener(bool ipv6 = false);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  [[nodiscard]] int port() const { return port_; }
  // A connection's descriptor, or -1 when `stop` was raised.
  [[nodiscard]] int accept(const StopSignal& stop) const;

 private:
  int fd_;
  int port_ = 0;
};

class Wire {
 public:
  enum class End { kData, kClosed, kStopped, kTimeout };

  Wire(int fd, const StopSignal& stop) : fd_(fd), stop_(stop) {}
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // Server side of a TLS handshake; false when the client broke it off.
  bool accept(ssl_ctx_st* context);
  // Common name of the client's certificate, "" without.
  [[nodiscard]] std::string peerName() const;
  // "TLSv1.3" and the name that the client asked for, "" without TLS.
  [[nodiscard]] std::string tlsVersion() const;
  [[nodiscard]] std::string sniName() const;
  [[nodiscard]] bool sessionReused() const;

  // Appends what comes next to `to`; waits at most `limit`.
  End read(std::string& to, std::chrono::milliseconds limit);
  bool write(std::string_view data);
  // Waits until the peer closes or `limit` passes; true when it closed. Discards what it sends.
  bool waitForClose(std::chrono::milliseconds limit);
  // Waits for `time` to pass; false when stopped.
  [[nodiscard]] bool pause(std::chrono::milliseconds time) const;
  void close();
  // Closes so that the peer sees "connection reset".
  void reset();
  // Ends both directions, from any thread; close() is left to the owner.
  void shutDown();
  [[nodiscard]] bool closed() const { return fd_ < 0; }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  // Waits for poll events; kData when they are there.
  [[nodiscard]] End wait(short events, std::chrono::milliseconds limit) const;

  std::mutex mutex_;  // fd_ changes under it, and is read under it by shutDown()
  int fd_;
  const StopSignal& stop_;
  ssl_st* ssl_ = nullptr;
};

// Connects to 127.0.0.1:port; -1 when refused.
int connectTo(int port);

}  // namespace stowage::testing
