// Exchange: the hand-over between the thread that calls an HttpTransport and the threads of a
// library that works asynchronously. Kept alive by both, so that a caller may give up on an
// exchange that does not end; after that nothing of the caller's is touched any more.
//
// A streamed answer is handed over piece by piece without copying: the library's thread leaves a
// piece and goes away, the caller's thread consumes it and then lets the library go on. That is the
// back-pressure. An answer that is not streamed is collected, up to a limit.
// Thread safety: all methods from any thread; the two groups below say from which they are meant.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::k8sclient {

class Exchange {
 public:
  Exchange(std::string request_body, std::size_t max_body, bool streaming)
      : request_body_(std::move(request_body)), max_body_(max_body), streaming_(streaming) {}

  // --- library's threads ---
  // Copies the next part of the request's body; 0 at its end.
  std::size_t readRequest(char* to, std::size_t room);
  // A piece of the answer's body. False: it was dealt with. True: it must stay valid until
  // `release` is called, once, from another thread.
  bool takeAnswer(std::string_view piece, std::function<void()> release);
  void headersArrived(int status, std::vector<Header> headers);
  // The end; `error` is empty when it was a good one.
  void finished(std::string error);

  // --- caller's thread ---
  struct Outcome {
    bool finished = false;
    bool headers = false;
    bool request_read = false;  // some of the request's body was handed to the library
    bool too_large = false;
    bool piece = false;  // a piece waits to be consumed
    std::string error;
  };
  // Waits until something that `ready` accepts has happened; false at `deadline` or `stop`.
  bool waitFor(base::SteadyTime deadline, const std::stop_token& stop,
               const std::function<bool(const Outcome&)>& ready);
  [[nodiscard]] Outcome outcome() const;
  // Hands the piece that waits, if any, to `on_data` and lets the library go on when that says
  // true.
  bool consumePiece(const std::function<bool(std::string_view)>& on_data);
  // Lets the library go on whatever it sends, and waits for its end, but at most `grace`.
  void abandon(base::Duration grace);
  // Status and headers, with the body collected so far.
  HttpResponse takeResponse();
  [[nodiscard]] HttpResponse headers() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  const std::string request_body_;
  std::size_t request_at_ = 0;
  const std::size_t max_body_;
  const bool streaming_;
  bool abandoned_ = false;
  Outcome outcome_;
  HttpResponse response_;
  std::string_view piece_;  // valid until release_ is called
  std::function<void()> release_;
};

}  // namespace stowage::k8sclient
