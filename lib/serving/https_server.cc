#include "serving/https_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <list>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/bounded_queue.h"
#include "base/log.h"
#include "serving/listener.h"
#include "serving/request_router.h"
#include "serving/server_tls.h"
#include "serving/tls_connection.h"

namespace stowage::serving {

namespace {

using ConnectionPtr = std::unique_ptr<TlsConnection>;

constexpr int kAcceptsPerTurn = 32;  // then others get their turn

// Signals belong to the main thread; SIGPIPE, raised by writes to a closed socket, to nobody.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP})
      sigdelset(&all, fault);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

base::Counter& droppedCounter(base::MetricSink& metrics, const char* reason) {
  return metrics.counter("stowage_serving_connections_dropped_total",
                         "Connections closed without an answer, by reason.", {{"reason", reason}});
}

}  // namespace

class HttpsServer::Impl {
 public:
  Impl(ServingOptions options, HealthRegistry& health, AccessReviewer& reviewer, base::Clock& clock,
       base::MetricSink& metrics)
      : options_(std::move(options)),
        clock_(clock),
        gate_(reviewer, clock, metrics, options_.limits.access),
        router_(health, gate_, metrics),
        exchange_([this](const HttpCall& call) { return router_.route(call, stop_.get_token()); },
                  options_.limits.post_bytes),
        requests_(options_.limits.waiting_requests),
        late_(droppedCounter(metrics, "late")),
        broken_(droppedCounter(metrics, "broken")),
        evicted_(droppedCounter(metrics, "evicted")),
        overload_(droppedCounter(metrics, "overload")),
        certificate_end_(metrics.gauge("stowage_serving_certificate_not_after_seconds",
                                       "End of the serving certificate, seconds since 1970.", {})) {
  }

  ~Impl() { stop(); }

  RequestRouter& router() { return router_; }

  base::Status start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_.load(); }

 private:
  base::Status startThreads();
  void acceptLoop();
  void acceptSome(base::SteadyTime now);
  void advanceReady(const std::vector<pollfd>& ready);
  void dropLate(base::SteadyTime now);
  void checkCertificate(base::SteadyTime now);
  std::vector<pollfd> pollList(base::SteadyTime now) const;
  base::SteadyTime nextDeadline() const;
  void workLoop();
  void serve(TlsConnection& connection);

  const ServingOptions options_;
  base::Clock& clock_;
  std::stop_source stop_;
  AccessGate gate_;
  RequestRouter router_;
  HttpExchange exchange_;
  base::BoundedQueue<ConnectionPtr> requests_;
  base::Counter& late_;
  base::Counter& broken_;
  base::Counter& evicted_;
  base::Counter& overload_;
  base::Gauge& certificate_end_;

  std::unique_ptr<ServerTls> tls_;
  UniqueFd listener_;
  UniqueFd wake_;  // readable for ever once stop is requested
  std::atomic<std::uint16_t> port_ = 0;
  std::vector<std::thread> threads_;

  // Owned by the accepting thread.
  std::list<ConnectionPtr> open_;  // oldest first
  base::SteadyTime accept_again_;  // no descriptors left: wait until then
  base::SteadyTime certificate_check_;
};

base::Status HttpsServer::Impl::start() {
  auto tls = ServerTls::create(
      {options_.tls_cert_file, options_.tls_key_file, options_.bind_address, options_.tls13_only},
      clock_);
  if (!tls) return tls.error();
  auto listener = listenOn(options_.bind_address, options_.port, options_.flags);
  if (!listener) return listener.error();
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.valid()) return {base::Code::kResourceExhausted, "no file descriptor for serving"};
  tls_ = std::move(*tls);
  listener_ = std::move(*listener);
  port_ = boundPort(listener_);
  certificate_check_ = clock_.now() + options_.limits.certificate_check;
  certificate_end_.set(std::chrono::duration<double>(tls_->notAfter().time_since_epoch()).count());
  return startThreads();
}

base::Status HttpsServer::Impl::startThreads() {
  const SignalsBlocked blocked;
  try {
    threads_.emplace_back([this] { acceptLoop(); });
    pthread_setname_np(threads_.back().native_handle(), "serve-accept");
    for (std::size_t i = 0; i < options_.limits.workers; ++i) {
      threads_.emplace_back([this] { workLoop(); });
      pthread_setname_np(threads_.back().native_handle(), fmt::format("serve-{}", i).c_str());
    }
  } catch (const std::system_error& error) {
    stop();
    return {base::Code::kResourceExhausted,
            fmt::format("cannot start a thread for serving: {}", error.what())};
  }
  return {};
}

void HttpsServer::Impl::stop() {
  stop_.request_stop();
  if (wake_.valid()) {
    const std::uint64_t one = 1;
    // Cannot fail: the counter is far from full.
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
  }
  requests_.close();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  open_.clear();
  requests_.drain();
  listener_.reset();
}

std::vector<pollfd> HttpsServer::Impl::pollList(base::SteadyTime now) const {
  std::vector<pollfd> list;
  list.reserve(open_.size() + 2);
  list.push_back({wake_.get(), POLLIN, 0});
  list.push_back({now < accept_again_ ? -1 : listener_.get(), POLLIN, 0});
  for (const ConnectionPtr& connection : open_) {
    list.push_back({connection->fd(), connection->events(), 0});
  }
  return list;
}

base::SteadyTime HttpsServer::Impl::nextDeadline() const {
  base::SteadyTime next = certificate_check_;
  // Every connection gets the same time, so the oldest one ends first.
  if (!open_.empty()) next = std::min(next, open_.front()->deadline());
  return next;
}

void HttpsServer::Impl::acceptLoop() {
  while (!stop_.stop_requested()) {
    base::SteadyTime now = clock_.now();
    std::vector<pollfd> list = pollList(now);
    base::SteadyTime until = nextDeadline();
    if (now < accept_again_) until = std::min(until, accept_again_);
    ::poll(list.data(), list.size(), pollTimeout(now, until));
    if (stop_.stop_requested()) return;
    advanceReady(list);
    now = clock_.now();
    dropLate(now);
    if (list[1].revents != 0) acceptSome(now);
    checkCertificate(now);
  }
}

void HttpsServer::Impl::acceptSome(base::SteadyTime now) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.valid()) {
      const bool exhausted =
          errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
      if (exhausted) accept_again_ = now + std::chrono::milliseconds(100);
      return;
    }
    if (open_.size() >= options_.limits.open_connections) {
      open_.pop_front();
      evicted_.increment();
    }
    open_.push_back(std::make_unique<TlsConnection>(std::move(socket), tls_->context(),
                                                    now + options_.limits.request_time,
                                                    options_.limits.post_bytes));
  }
}

// `ready` lists the open connections in their order, from its third entry on.
void HttpsServer::Impl::advanceReady(const std::vector<pollfd>& ready) {
  auto it = open_.begin();
  for (std::size_t i = 2; i < ready.size(); ++i) {
    if (ready[i].revents == 0) {
      ++it;
      continue;
    }
    switch ((*it)->advance()) {
      case TlsConnection::Progress::kAgain:
        ++it;
        break;
      case TlsConnection::Progress::kFailed:
        broken_.increment();
        it = open_.erase(it);
        break;
      case TlsConnection::Progress::kDone:
        if (!requests_.tryPush(std::move(*it))) overload_.increment();
        it = open_.erase(it);
        break;
    }
  }
}

void HttpsServer::Impl::dropLate(base::SteadyTime now) {
  while (!open_.empty() && open_.front()->deadline() <= now) {
    open_.pop_front();
    late_.increment();
  }
}

void HttpsServer::Impl::checkCertificate(base::SteadyTime now) {
  if (now < certificate_check_) return;
  certificate_check_ = now + options_.limits.certificate_check;
  if (!tls_->refresh()) return;
  certificate_end_.set(std::chrono::duration<double>(tls_->notAfter().time_since_epoch()).count());
}

void HttpsServer::Impl::workLoop() {
  const std::stop_token stop = stop_.get_token();
  while (!stop.stop_requested()) {
    auto connection = requests_.pop(stop);
    if (!connection) return;
    serve(**connection);
  }
}

void HttpsServer::Impl::serve(TlsConnection& connection) {
  const std::string answer = exchange_.answer(connection.request());
  const base::SteadyTime deadline = clock_.now() + options_.limits.answer_time;
  if (!connection.sendAll(answer, clock_, deadline, wake_.get(), options_.limits.stop_grace)) {
    broken_.increment();
  }
}

HttpsServer::HttpsServer(ServingOptions options, HealthRegistry& health, AccessReviewer& reviewer,
                         base::Clock& clock, base::MetricSink& metrics)
    : impl_(std::make_unique<Impl>(std::move(options), health, reviewer, clock, metrics)) {}
HttpsServer::~HttpsServer() = default;

void HttpsServer::handle(const std::string& path, HttpHandler handler) {
  impl_->router().handle(path, std::move(handler));
}
void HttpsServer::handlePut(const std::string& path, HttpHandler handler) {
  impl_->router().handlePut(path, std::move(handler));
}
void HttpsServer::handlePost(const std::string& path, HttpHandler handler) {
  impl_->router().handlePost(path, std::move(handler));
}
void HttpsServer::handleOpen(const std::string& path, HttpHandler handler) {
  impl_->router().handleOpen(path, std::move(handler));
}

base::Status HttpsServer::start() { return impl_->start(); }
std::uint16_t HttpsServer::port() const { return impl_->port(); }
void HttpsServer::stop() { impl_->stop(); }

HttpHandler metricsHandler(const MetricsRegistry& registry) {
  return [&registry](const HttpCall& call) {
    const Exposition form = chooseExposition(call.accept);
    HttpReply reply;
    reply.content_type = std::string(MetricsRegistry::contentType(form));
    reply.body = registry.render(form);
    return reply;
  };
}

}  // namespace stowage::serving
