#include "testing/http/relay.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "testing/http/wire.h"

namespace stowage::testing {

namespace {
constexpr std::chrono::milliseconds kRequestLimit{10'000};
}

class Relay::Impl {
 public:
  Impl(Kind kind, int target_port) : kind_(kind), target_port_(target_port) {
    acceptor_ = std::thread([this] { acceptAll(); });
  }

  ~Impl() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    stop_.raise();
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
  }

  void acceptAll() {
    for (;;) {
      const int fd = listener_.accept(stop_);
      if (fd < 0) return;
      std::lock_guard lock(mutex_);
      ++connections_;
      if (refused_) {
        ::close(fd);
        continue;
      }
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  // The port to go to, after the CONNECT request if there is one; 0: give up.
  int targetOf(Wire& client, std::string& early) {
    if (kind_ == Kind::kFixed) return target_port_;
    std::size_t end = 0;
    while ((end = early.find("\r\n\r\n")) == std::string::npos) {
      if (client.read(early, kRequestLimit) != Wire::End::kData) return 0;
    }
    const std::size_t from = early.find(' ') + 1;
    const std::string where = early.substr(from, early.find(' ', from) - from);
    early.erase(0, end + 4);
    {
      std::lock_guard lock(mutex_);
      connects_.push_back(where);
    }
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    return std::stoi(where.substr(where.rfind(':') + 1));
  }

  void serve(int client_fd) {
    Wire client(client_fd, stop_);
    std::string early;
    const int target = targetOf(client, early);
    const int server_fd = target == 0 ? -1 : connectTo(target);
    if (server_fd < 0) return;
    Wire server(server_fd, stop_);
    int number = 0;
    {
      std::lock_guard lock(mutex_);
      number = next_++;
      open_.insert({number, {&client, &server}});
    }
    if (!early.empty()) server.write(early);
    pump(client, server);
    std::lock_guard lock(mutex_);
    open_.erase(number);
  }

  // Waits as long as the relay is stalled, and for the delay; false at the end.
  bool mayPass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || !stalled_; });
    const auto delay = delay_;
    if (delay.count() > 0) changed_.wait_for(lock, delay, [&] { return stopping_; });
    return !stopping_;
  }

  bool pass(Wire& from, Wire& to, short revents) {
    if (revents == 0) return true;
    if (!mayPass()) return false;
    std::string piece;
    const Wire::End end = from.read(piece, std::chrono::milliseconds(0));
    if (end == Wire::End::kTimeout) return true;
    return end == Wire::End::kData && to.write(piece);
  }

  void pump(Wire& client, Wire& server) {
    for (;;) {
      std::array<pollfd, 3> fds{
          {{client.fd(), POLLIN, 0}, {server.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
      if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
      if (fds[2].revents != 0) return;
      if (!pass(client, server, fds[0].revents) || !pass(server, client, fds[1].revents)) return;
    }
  }

  const Kind kind_;
  const int target_port_;
  const StopSignal stop_;
  const Listener listener_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool stalled_ = false;
  bool refused_ = false;
  std::chrono::milliseconds delay_{0};
  int connections_ = 0;
  int next_ = 0;
  std::vector<std::string> connects_;
  std::map<int, std::pair<Wire*, Wire*>> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

Relay::Relay(Kind kind, int target_port) : impl_(std::make_unique<Impl>(kind, target_port)) {}
Relay::~Relay() = default;

int Relay::port() const { return impl_->listener_.port(); }

std::vector<std::string> Relay::connects() const {
  std::lock_guard lock(impl_->mutex_);
  return impl_->connects_;
}

int Relay::connectionCount() const {
  std::lock_guard lock(impl_->mutex_);
  return impl_->connections_;
}

void Relay::stall(bool on) {
  std::lock_guard lock(impl_->mutex_);
  impl_->stalled_ = on;
  impl_->changed_.notify_all();
}

void Relay::delay(std::chrono::milliseconds by) {
  std::lock_guard lock(impl_->mutex_);
  impl_->delay_ = by;
}

void Relay::cut() {
  std::lock_guard lock(impl_->mutex_);
  for (const auto& [number, wires] : impl_->open_) {
    wires.first->shutDown();
    wires.second->shutDown();
  }
}

void Relay::refuse(bool on) {
  std::lock_guard lock(impl_->mutex_);
  impl_->refused_ = on;
}

}  // namespace stowage::testing
