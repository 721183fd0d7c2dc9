#include "k8sclient/transport/polled_connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "k8sclient/transport/deadline.h"

namespace stowage::k8sclient {

namespace {

// One TLS record; larger reads give nothing.
constexpr std::size_t kReadSize = 16 << 10;
// A peer that vanished is noticed by the kernel within a minute even on a silent connection.
constexpr int kKeepAliveIdleSeconds = 30;
constexpr int kKeepAliveIntervalSeconds = 10;
constexpr int kKeepAliveProbes = 3;

int millisecondsUntil(base::SteadyTime deadline) {
  if (deadline == base::SteadyTime::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - socketNow());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

}  // namespace

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a closed peer would raise SIGPIPE.
struct SocketBio {
  static PolledConnection* connection(BIO* bio) {
    return static_cast<PolledConnection*>(BIO_get_data(bio));
  }
  static int write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const std::ptrdiff_t count = connection(bio)->rawWrite(data, static_cast<std::size_t>(size));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
    return static_cast<int>(count);
  }
  static int read(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    const std::ptrdiff_t count = connection(bio)->rawRead(data, static_cast<std::size_t>(size));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
    if (count == 0) connection(bio)->peer_closed_ = true;
    return static_cast<int>(count);
  }
  static long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_EOF) return connection(bio)->peer_closed_ ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
  static BIO* make(PolledConnection* connection) {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "polled socket");
      BIO_meth_set_write(made, &SocketBio::write);
      BIO_meth_set_read(made, &SocketBio::read);
      BIO_meth_set_ctrl(made, &SocketBio::control);
      return made;
    }();
    BIO* bio = BIO_new(method);
    BIO_set_data(bio, connection);
    BIO_set_init(bio, 1);
    return bio;
  }
};

PolledConnection::PolledConnection() : wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

PolledConnection::~PolledConnection() {
  if (ssl_ != nullptr) {
    // Says good-bye if that needs no waiting; a session not ended so may not be resumed.
    if (SSL_is_init_finished(ssl_) == 1 && !peer_closed_ && !woken()) SSL_shutdown(ssl_);
    ERR_clear_error();
    SSL_free(ssl_);
  }
  closeSocket();
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

void PolledConnection::closeSocket() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void PolledConnection::wake() {
  woken_.store(true, std::memory_order_release);
  ::eventfd_write(wake_fd_, 1);
}

Io PolledConnection::fail(std::string error) {
  error_ = std::move(error);
  return Io::kFailed;
}

std::ptrdiff_t PolledConnection::rawRead(char* to, std::size_t room) const {
  return ::recv(fd_, to, room, 0);
}

std::ptrdiff_t PolledConnection::rawWrite(const char* from, std::size_t size) {
  const std::ptrdiff_t count = ::send(fd_, from, size, MSG_NOSIGNAL);
  if (count > 0) bytes_out_ += static_cast<std::uint64_t>(count);
  return count;
}

Io PolledConnection::wait(short events) {
  for (;;) {
    std::array<pollfd, 2> fds{{{fd_, events, 0}, {wake_fd_, POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), millisecondsUntil(deadline_));
    if (woken()) return Io::kWoken;
    if (ready < 0 && errno != EINTR) return fail(std::strerror(errno));
    if (ready > 0 && fds[0].revents != 0) return socketNow() < deadline_ ? Io::kDone : Io::kTimeout;
    if (socketNow() >= deadline_) return Io::kTimeout;
  }
}

Io PolledConnection::connectOne(const SocketAddress& address) {
  const auto* target = reinterpret_cast<const sockaddr*>(address.bytes);
  closeSocket();
  fd_ = ::socket(target->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return fail(std::strerror(errno));
  const auto set = [this](int level, int option, int value) {
    ::setsockopt(fd_, level, option, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  if (::connect(fd_, target, address.size) == 0) return Io::kDone;
  if (errno != EINPROGRESS) return fail(std::strerror(errno));
  const Io io = wait(POLLOUT);
  if (io != Io::kDone) return io;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? Io::kDone : fail(std::strerror(error));
}

Io PolledConnection::connect(const std::vector<SocketAddress>& addresses) {
  const base::SteadyTime whole = deadline_;
  Io io = fail("no address");
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto left = whole - socketNow();
    deadline_ = socketNow() + left / static_cast<int>(addresses.size() - i);
    io = connectOne(addresses[i]);
    deadline_ = whole;
    if (io == Io::kDone || io == Io::kWoken) return io;
  }
  return io;
}

Io PolledConnection::afterTls(int result, const char* what) {
  const int saved = errno;
  const int error = SSL_get_error(ssl_, result);
  switch (error) {
    case SSL_ERROR_WANT_READ:
      ERR_clear_error();
      return wait(POLLIN);
    case SSL_ERROR_WANT_WRITE:
      ERR_clear_error();
      return wait(POLLOUT);
    case SSL_ERROR_ZERO_RETURN:
      peer_closed_ = true;
      return Io::kEnd;
    default:
      break;
  }
  peer_closed_ = true;  // no shutdown on a broken session
  std::string text(what);
  const long verdict = SSL_get_verify_result(ssl_);
  const char* reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  if (verdict != X509_V_OK && SSL_is_init_finished(ssl_) == 0) {
    text += std::string(": server certificate: ") + X509_verify_cert_error_string(verdict);
  } else if (reason != nullptr) {
    text += std::string(": ") + reason;
  } else {
    text += saved == 0 ? ": connection closed" : std::string(": ") + std::strerror(saved);
  }
  return fail(std::move(text));
}

Io PolledConnection::startTls(SSL_CTX* context, const std::string& sni, SSL_SESSION* resume) {
  ssl_ = SSL_new(context);
  if (ssl_ == nullptr) return fail("OpenSSL is out of memory");
  BIO* bio = SocketBio::make(this);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (!sni.empty()) SSL_set_tlsext_host_name(ssl_, sni.c_str());
  if (resume != nullptr) SSL_set_session(ssl_, resume);
  for (;;) {
    errno = 0;
    ERR_clear_error();  // SSL_get_error() looks at this thread's whole queue
    const int result = SSL_connect(ssl_);
    if (result == 1) return Io::kDone;
    const Io io = afterTls(result, "TLS handshake");
    if (io == Io::kEnd) return fail("TLS handshake: connection closed");
    if (io != Io::kDone) return io;
  }
}

Io PolledConnection::write(std::string_view data) {
  while (!data.empty()) {
    if (woken()) return Io::kWoken;
    errno = 0;
    std::ptrdiff_t count = 0;
    if (ssl_ != nullptr) {
      const int size = static_cast<int>(std::min<std::size_t>(data.size(), INT_MAX));
      ERR_clear_error();
      count = SSL_write(ssl_, data.data(), size);
    } else {
      count = rawWrite(data.data(), data.size());
    }
    if (count > 0) {
      data.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    Io io = Io::kDone;
    if (ssl_ != nullptr) {
      io = afterTls(static_cast<int>(count), "write");
    } else if (errno == EAGAIN || errno == EINTR) {
      io = wait(POLLOUT);
    } else {
      io = fail(std::strerror(errno));
    }
    if (io == Io::kEnd) return fail("connection closed");
    if (io != Io::kDone) return io;
  }
  return Io::kDone;
}

Io PolledConnection::read(std::string& to) {
  std::array<char, kReadSize> piece;
  // An answer is hardly ever there already: asking poll first saves a call that would find nothing.
  bool poll_first = ssl_ == nullptr || SSL_pending(ssl_) == 0;
  for (;;) {
    if (poll_first) {
      const Io io = wait(POLLIN);
      if (io != Io::kDone) return io;
    } else if (socketNow() >= deadline_) {
      return Io::kTimeout;
    }
    poll_first = false;
    errno = 0;
    ERR_clear_error();
    const std::ptrdiff_t count = ssl_ != nullptr
                                     ? SSL_read(ssl_, piece.data(), static_cast<int>(piece.size()))
                                     : rawRead(piece.data(), piece.size());
    if (count > 0) {
      to.append(piece.data(), static_cast<std::size_t>(count));
      return Io::kDone;
    }
    if (ssl_ != nullptr) {
      const Io io = afterTls(static_cast<int>(count), "read");
      if (io != Io::kDone) return io;
    } else if (count == 0) {
      return Io::kEnd;
    } else if (errno == EAGAIN || errno == EINTR) {
      poll_first = true;
    } else {
      return fail(std::strerror(errno));
    }
  }
}

bool PolledConnection::idleAndOpen() {
  char byte = 0;
  if (ssl_ == nullptr) {
    return ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EINTR);
  }
  // Reads what is there: session tickets may be, an answer nobody asked for or an end may not.
  ERR_clear_error();
  const int result = SSL_peek(ssl_, &byte, 1);
  const bool silent = result <= 0 && SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ;
  if (!silent) peer_closed_ = true;
  ERR_clear_error();
  return silent;
}

}  // namespace stowage::k8sclient
