// TlsConnection: one accepted socket that speaks TLS and never blocks longer than it is told. Owns
// socket and TLS state. Not thread safe: handed from the accepting thread to a worker.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "serving/unique_fd.h"

struct ssl_st;
struct ssl_ctx_st;

namespace stowage::serving {

class TlsConnection {
 public:
  enum class Progress { kDone, kAgain, kFailed };

  // `socket` must not block. `context` is kept until the connection ends. `post_bytes`: the longest
  // body of a POST that is read.
  TlsConnection(UniqueFd socket, std::shared_ptr<ssl_ctx_st> context, base::SteadyTime deadline,
                std::size_t post_bytes = 0);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  // Goes on with the handshake, then with reading a request: kDone when request() is complete or
  // its head longer than allowed, kAgain when events() on fd() have to be waited for.
  Progress advance();

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] short events() const { return events_; }  // of poll(2)
  // When advance() must have succeeded.
  [[nodiscard]] base::SteadyTime deadline() const { return deadline_; }
  // The head, and the body that may follow it.
  [[nodiscard]] std::string_view request() const {
    return std::string_view(received_).substr(0, request_);
  }

  // Sends all of `data` and says goodbye. Blocks until `deadline`; once `stop_fd` is readable, for
  // at most `grace` more. False when the peer did not take it all.
  bool sendAll(std::string_view data, base::Clock& clock, base::SteadyTime deadline, int stop_fd,
               base::Duration grace);

 private:
  Progress wantsOf(int result);
  Progress readRequest();

  UniqueFd socket_;
  std::shared_ptr<ssl_ctx_st> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  base::SteadyTime deadline_;
  const std::size_t post_bytes_;
  short events_;
  bool shaken_ = false;
  std::string received_;
  std::size_t request_ = std::string::npos;  // its size, once the head is there
};

// Milliseconds from `now` to `deadline` as poll(2) takes them: rounded up, never negative.
int pollTimeout(base::SteadyTime now, base::SteadyTime deadline);

}  // namespace stowage::serving
