#include "serving/tls_connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "serving/http_exchange.h"

namespace stowage::serving {

int pollTimeout(base::SteadyTime now, base::SteadyTime deadline) {
  if (deadline <= now) return 0;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return static_cast<int>(std::min<std::int64_t>(wait, std::numeric_limits<int>::max()));
}

TlsConnection::TlsConnection(UniqueFd socket, std::shared_ptr<ssl_ctx_st> context,
                             base::SteadyTime deadline, std::size_t post_bytes)
    : socket_(std::move(socket)),
      context_(std::move(context)),
      ssl_(SSL_new(context_.get()), &SSL_free),
      deadline_(deadline),
      post_bytes_(post_bytes),
      events_(POLLIN) {
  if (ssl_ != nullptr) SSL_set_fd(ssl_.get(), socket_.get());
}

TlsConnection::~TlsConnection() = default;

TlsConnection::Progress TlsConnection::wantsOf(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      events_ = POLLIN;
      return Progress::kAgain;
    case SSL_ERROR_WANT_WRITE:
      events_ = POLLOUT;
      return Progress::kAgain;
    default:
      return Progress::kFailed;
  }
}

TlsConnection::Progress TlsConnection::advance() {
  if (ssl_ == nullptr) return Progress::kFailed;
  ERR_clear_error();
  if (!shaken_) {
    const int result = SSL_accept(ssl_.get());
    if (result != 1) return wantsOf(result);
    shaken_ = true;
  }
  return readRequest();
}

TlsConnection::Progress TlsConnection::readRequest() {
  std::array<char, 4096> buffer;
  for (;;) {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0) return wantsOf(count);
    const std::size_t checked = received_.size();
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    if (request_ == std::string::npos) {
      const std::size_t end = HttpExchange::headEnd(received_, checked);
      if (end != std::string::npos)
        request_ =
            end + HttpExchange::bodyBytes(std::string_view(received_).substr(0, end), post_bytes_);
    }
    // One byte too many is enough to be refused.
    if (request_ == std::string::npos && received_.size() > HttpExchange::kMaxHeadBytes)
      request_ = received_.size();
    if (request_ <= received_.size()) return Progress::kDone;
  }
}

bool TlsConnection::sendAll(std::string_view data, base::Clock& clock, base::SteadyTime deadline,
                            int stop_fd, base::Duration grace) {
  bool stopping = false;
  while (!data.empty()) {
    ERR_clear_error();
    const int piece = static_cast<int>(std::min<std::size_t>(data.size(), 1U << 16));
    const int count = SSL_write(ssl_.get(), data.data(), piece);
    if (count > 0) {
      data.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (wantsOf(count) != Progress::kAgain) return false;
    std::array<pollfd, 2> waiting{pollfd{socket_.get(), events_, 0},
                                  pollfd{stopping ? -1 : stop_fd, POLLIN, 0}};
    const base::SteadyTime now = clock.now();
    if (now >= deadline) return false;
    ::poll(waiting.data(), waiting.size(), pollTimeout(now, deadline));
    if (waiting[1].revents != 0) {
      stopping = true;
      deadline = std::min(deadline, clock.now() + grace);
    }
  }
  ERR_clear_error();
  SSL_shutdown(ssl_.get());  // one way: the peer's answer is not waited for
  ::shutdown(socket_.get(), SHUT_WR);
  return true;
}

}  // namespace stowage::serving
