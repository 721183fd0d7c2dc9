#include "testing/http/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/check.h"

namespace stowage::testing {

namespace {

using Milliseconds = std::chrono::milliseconds;
constexpr Milliseconds kForever{600'000};

}  // namespace

StopSignal::StopSignal() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
StopSignal::~StopSignal() { ::close(fd_); }
void StopSignal::raise() const { ::eventfd_write(fd_, 1); }

Listener::Listener(bool ipv6)
    : fd_(::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  STOWAGE_CHECK(fd_ >= 0, "test socket");
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  auto* address = ipv6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
  socklen_t size = ipv6 ? sizeof v6 : sizeof v4;
  STOWAGE_CHECK(::bind(fd_, address, size) == 0, "test bind");
  STOWAGE_CHECK(::listen(fd_, 128) == 0, "test listen");
  STOWAGE_CHECK(::getsockname(fd_, address, &size) == 0, "test port");
  port_ = ntohs(ipv6 ? v6.sin6_port : v4.sin_port);
}

Listener::~Listener() { ::close(fd_); }

int Listener::accept(const StopSignal& stop) const {
  for (;;) {
    std::array<pollfd, 2> fds{{{fd_, POLLIN, 0}, {stop.fd(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return -1;
    if (fds[1].revents != 0) return -1;
    if (fds[0].revents == 0) continue;
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) continue;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
}

Wire::~Wire() { close(); }

Wire::End Wire::wait(short events, Milliseconds limit) const {
  std::array<pollfd, 2> fds{{{fd_, events, 0}, {stop_.fd(), POLLIN, 0}}};
  const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(limit.count()));
  if (fds[1].revents != 0) return End::kStopped;
  if (ready <= 0) return End::kTimeout;
  return End::kData;
}

bool Wire::accept(SSL_CTX* context) {
  ssl_ = SSL_new(context);
  SSL_set_fd(ssl_, fd_);
  for (;;) {
    const int result = SSL_accept(ssl_);
    if (result == 1) return true;
    const int error = SSL_get_error(ssl_, result);
    ERR_clear_error();
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return false;
    const short events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (wait(events, kForever) != End::kData) return false;
  }
}

std::string Wire::peerName() const {
  X509* cert = ssl_ == nullptr ? nullptr : SSL_get1_peer_certificate(ssl_);
  if (cert == nullptr) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name.data(), name.size());
  X509_free(cert);
  return name.data();
}

std::string Wire::tlsVersion() const { return ssl_ == nullptr ? "" : SSL_get_version(ssl_); }

std::string Wire::sniName() const {
  const char* name =
      ssl_ == nullptr ? nullptr : SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

bool Wire::sessionReused() const { return ssl_ != nullptr && SSL_session_reused(ssl_) == 1; }

Wire::End Wire::read(std::string& to, Milliseconds limit) {
  std::array<char, 16 << 10> piece{};
  for (;;) {
    if (fd_ < 0) return End::kClosed;
    if (ssl_ != nullptr) {
      const int count = SSL_read(ssl_, piece.data(), piece.size());
      if (count > 0) {
        to.append(piece.data(), static_cast<std::size_t>(count));
        return End::kData;
      }
      const int error = SSL_get_error(ssl_, count);
      ERR_clear_error();
      if (error != SSL_ERROR_WANT_READ) return End::kClosed;
    } else {
      const ssize_t count = ::recv(fd_, piece.data(), piece.size(), 0);
      if (count > 0) {
        to.append(piece.data(), static_cast<std::size_t>(count));
        return End::kData;
      }
      if (count == 0 || (errno != EAGAIN && errno != EINTR)) return End::kClosed;
    }
    const End end = wait(POLLIN, limit);
    if (end != End::kData) return end;
  }
}

bool Wire::write(std::string_view data) {
  while (!data.empty()) {
    if (fd_ < 0) return false;
    ssize_t count = 0;
    if (ssl_ != nullptr) {
      count = SSL_write(ssl_, data.data(),
                        static_cast<int>(std::min<std::size_t>(data.size(), 1U << 20)));
      const int error = SSL_get_error(ssl_, static_cast<int>(count));
      ERR_clear_error();
      if (count <= 0 && error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) return false;
    } else {
      count = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    }
    if (count > 0) {
      data.remove_prefix(static_cast<std::size_t>(count));
    } else if (wait(POLLOUT, kForever) != End::kData) {
      return false;
    }
  }
  return true;
}

bool Wire::waitForClose(Milliseconds limit) {
  std::string ignored;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    const End end = read(ignored, left);
    if (end == End::kClosed) return true;
    if (end == End::kStopped) return false;
    ignored.clear();
  }
}

bool Wire::pause(Milliseconds time) const {
  pollfd stop{stop_.fd(), POLLIN, 0};
  return ::poll(&stop, 1, static_cast<int>(time.count())) == 0;
}

void Wire::close() {
  if (ssl_ != nullptr) {
    if (SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
    ERR_clear_error();
    SSL_free(ssl_);
    ssl_ = nullptr;
  }
  std::lock_guard lock(mutex_);
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Wire::shutDown() {
  std::lock_guard lock(mutex_);
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

void Wire::reset() {
  const linger now{1, 0};
  if (fd_ >= 0) ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  if (ssl_ != nullptr) {
    SSL_free(ssl_);
    ssl_ = nullptr;
  }
  std::lock_guard lock(mutex_);
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int connectTo(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return -1;
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace stowage::testing
