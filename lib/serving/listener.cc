#include "serving/listener.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace stowage::serving {

namespace {

constexpr int kBacklog = 128;

std::string hostAndPort(const std::string& address, std::uint16_t port) {
  return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                : fmt::format("[{}]:{}", address, port);
}

std::string adviceFor(int error, const ListenFlags& flags) {
  switch (error) {
    case EADDRINUSE:
      return fmt::format("another process has this port; stop it or choose another with {}",
                         flags.port);
    case EACCES:
      return fmt::format("ports below 1024 need a privilege; choose another with {}", flags.port);
    case EADDRNOTAVAIL:
      return fmt::format("this machine does not have that address; choose another with {}",
                         flags.address);
    default:
      return fmt::format("check {} and {}", flags.address, flags.port);
  }
}

}  // namespace

base::Result<UniqueFd> listenOn(const std::string& address, std::uint16_t port,
                                const ListenFlags& flags) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("{} {} is not an IP address; give one such as "
                                  "0.0.0.0, :: or 127.0.0.1",
                                  flags.address, address));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> info(found, &::freeaddrinfo);
  UniqueFd socket(::socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  const int off = 0;
  bool ok = socket.valid();
  // A restart must not wait for the connections of the last run to leave TIME_WAIT.
  ok = ok && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
  if (ok && info->ai_family == AF_INET6) {
    ok = ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0;
  }
  ok = ok && ::bind(socket.get(), info->ai_addr, info->ai_addrlen) == 0;
  ok = ok && ::listen(socket.get(), kBacklog) == 0;
  if (!ok) {
    const int error = errno;
    return base::fail(base::Code::kUnavailable,
                      fmt::format("cannot listen on {}: {}; {}", hostAndPort(address, port),
                                  std::strerror(error), adviceFor(error, flags)));
  }
  return socket;
}

std::uint16_t boundPort(const UniqueFd& listener) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

}  // namespace stowage::serving
