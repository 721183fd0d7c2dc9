#include "k8sclient/transport/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "k8sclient/transport/tls_identity.h"

namespace stowage::k8sclient {

namespace {

base::Result<std::vector<SocketAddress>> lookUp(const std::string& host, const std::string& port,
                                                bool numeric) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0);
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) {
    return base::fail(base::Code::kUnavailable,
                      "cannot resolve " + host + ": " + ::gai_strerror(error));
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    if (entry->ai_addrlen > sizeof address.bytes) continue;
    std::memcpy(address.bytes, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

struct Resolver::Shared {
  std::string host;
  std::string port;
  bool numeric = false;
  std::mutex mutex;
  std::condition_variable_any changed;
  bool running = false;
  std::uint64_t finished = 0;  // look-ups so far
  base::Result<std::vector<SocketAddress>> last;
};

Resolver::Resolver(std::string host, std::string port) : shared_(std::make_shared<Shared>()) {
  shared_->host = std::move(host);
  shared_->port = std::move(port);
  shared_->numeric = isIpAddress(shared_->host);
}

base::Result<std::vector<SocketAddress>> Resolver::resolve(base::SteadyTime deadline,
                                                           const std::stop_token& stop) {
  if (shared_->numeric) return lookUp(shared_->host, shared_->port, true);
  std::unique_lock lock(shared_->mutex);
  const std::uint64_t before = shared_->finished;
  if (!shared_->running) {
    shared_->running = true;
    std::thread([shared = shared_] {
      auto result = lookUp(shared->host, shared->port, false);
      std::lock_guard guard(shared->mutex);
      shared->last = std::move(result);
      shared->running = false;
      ++shared->finished;
      shared->changed.notify_all();
    }).detach();
  }
  const bool done = shared_->changed.wait_until(lock, stop, deadline,
                                                [&] { return shared_->finished != before; });
  if (done) return shared_->last;
  if (stop.stop_requested()) return base::fail(base::Code::kCancelled, "stopped");
  return base::fail(base::Code::kTimeout, "resolving " + shared_->host + " took too long");
}

}  // namespace stowage::k8sclient
