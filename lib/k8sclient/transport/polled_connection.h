// PolledConnection: one TCP connection, plain or TLS, whose blocking calls keep a total deadline
// and end at once when woken. It stands on a non-blocking socket, poll() and OpenSSL alone, which
// costs a tenth of what an asynchronous library does per call. Thread safety: used by one thread at
// a time; wake() from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

struct ssl_ctx_st;
struct ssl_st;
struct ssl_session_st;

namespace stowage::k8sclient {

// An address as getaddrinfo gives it, kept by value.
struct SocketAddress {
  alignas(8) unsigned char bytes[128] = {};
  std::uint32_t size = 0;
};

enum class Io { kDone, kEnd, kTimeout, kWoken, kFailed };

class PolledConnection {
 public:
  PolledConnection();
  ~PolledConnection();
  PolledConnection(const PolledConnection&) = delete;
  PolledConnection& operator=(const PolledConnection&) = delete;

  // All calls below return kTimeout when this passes.
  void setDeadline(base::SteadyTime deadline) { deadline_ = deadline; }
  // Tries the addresses in order; the time left is shared between them.
  Io connect(const std::vector<SocketAddress>& addresses);
  // TLS handshake as a client. `sni` may be empty; `resume` may be nullptr.
  Io startTls(ssl_ctx_st* context, const std::string& sni, ssl_session_st* resume);
  // All of `data`.
  Io write(std::string_view data);
  // Appends at least one byte to `to`. kEnd: the peer closed in order.
  Io read(std::string& to);
  // Whether an idle connection is still open and silent. Never waits.
  [[nodiscard]] bool idleAndOpen();

  // Makes the call in progress, and all later ones, return kWoken.
  void wake();
  [[nodiscard]] bool woken() const { return woken_.load(std::memory_order_acquire); }
  // Bytes that were given to the network so far; unchanged means that nothing has left.
  [[nodiscard]] std::uint64_t bytesOut() const { return bytes_out_; }
  // What went wrong with the last call that returned kFailed.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  Io wait(short events);
  Io connectOne(const SocketAddress& address);
  // What to do after an OpenSSL call that returned `result` <= 0; kDone: call again.
  Io afterTls(int result, const char* what);
  Io fail(std::string error);
  std::ptrdiff_t rawRead(char* to, std::size_t room) const;
  std::ptrdiff_t rawWrite(const char* from, std::size_t size);
  void closeSocket();
  friend struct SocketBio;

  int fd_ = -1;
  const int wake_fd_;
  std::atomic<bool> woken_{false};
  ssl_st* ssl_ = nullptr;
  base::SteadyTime deadline_ = base::SteadyTime::max();
  std::uint64_t bytes_out_ = 0;
  bool peer_closed_ = false;
  std::string error_;
};

}  // namespace stowage::k8sclient
