// Relay: something between client and server that passes bytes on, and on command does not: it
// cuts, delays and stalls. Either to one fixed port, or an HTTP proxy that is told where by
// CONNECT. Thread safety: all methods from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace stowage::testing {

class Relay {
 public:
  enum class Kind { kFixed, kHttpProxy };
  // To 127.0.0.1:target_port when kFixed.
  explicit Relay(Kind kind, int target_port = 0);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] int port() const;
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  // "host:port" of each CONNECT so far.
  [[nodiscard]] std::vector<std::string> connects() const;
  [[nodiscard]] int connectionCount() const;

  // Nothing passes while stalled; connections stay open.
  void stall(bool on);
  // Every piece passes this much later.
  void delay(std::chrono::milliseconds by);
  // Ends all connections of now; new ones are served.
  void cut();
  // New connections are closed at once while refused.
  void refuse(bool on);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stowage::testing
