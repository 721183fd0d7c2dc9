#include "k8sclient/transport/beast_transport.h"

#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <utility>

#include "k8sclient/transport/answer_reader.h"
#include "k8sclient/transport/deadline.h"
#include "k8sclient/transport/polled_connection.h"
#include "k8sclient/transport/resolver.h"
#include "k8sclient/transport/server_url.h"
#include "k8sclient/transport/tls_client.h"

namespace stowage::k8sclient {

namespace {

// The API server closes idle connections after 90 s (net/http's IdleTimeout there); older ones are
// not worth the try.
constexpr std::chrono::seconds kMaxIdle{60};
constexpr std::size_t kMaxPooled = 64;

using LanePtr = std::unique_ptr<Lane>;

class BeastTransport final : public HttpTransport {
 public:
  BeastTransport(const Endpoint& endpoint, const Endpoint& proxy, std::unique_ptr<TlsClient> tls,
                 const TransportOptions& options);

  TransportResult<HttpResponse> send(const HttpRequest& request, base::Duration timeout,
                                     const std::stop_token& stop) override;
  TransportResult<StreamEnd> stream(const HttpRequest& request, base::Duration header_timeout,
                                    base::Duration idle, const std::stop_token& stop,
                                    const StreamHandlers& handlers) override;

 private:
  // Runs `exchange` on a connection: a pooled one first, a fresh one when that was dead.
  // `exchange(lane)` returns std::nullopt or its error, and sets `again` when nothing was lost.
  template <typename Exchange>
  std::optional<TransportError> withLane(base::SteadyTime deadline, const std::stop_token& stop,
                                         Exchange&& exchange);
  // Sends the request and reads the headers of its answer.
  std::optional<TransportError> ask(Lane& lane, const HttpRequest& request, const std::string& text,
                                    AnswerReader& reader, bool& again);
  LanePtr takePooled();
  void giveBack(LanePtr lane);
  std::optional<TransportError> connect(Lane& lane, base::SteadyTime deadline,
                                        const std::stop_token& stop);
  std::optional<TransportError> openTunnel(Lane& lane);
  [[nodiscard]] std::string textOf(const HttpRequest& request) const;

  const Endpoint endpoint_;
  const std::string authority_;  // "host:port"
  const bool tunnel_;            // through the proxy with CONNECT
  const bool absolute_;          // plain http through the proxy: whole URL in the request line
  const std::unique_ptr<TlsClient> tls_;
  const TransportOptions options_;
  Resolver resolver_;
  std::mutex mutex_;
  std::vector<LanePtr> pool_;  // newest last
};

std::string authorityOf(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.host, v6 ? "]" : "", endpoint.port);
}

BeastTransport::BeastTransport(const Endpoint& endpoint, const Endpoint& proxy,
                               std::unique_ptr<TlsClient> tls, const TransportOptions& options)
    : endpoint_(endpoint),
      authority_(authorityOf(endpoint)),
      tunnel_(!proxy.host.empty() && tls != nullptr),
      absolute_(!proxy.host.empty() && tls == nullptr),
      tls_(std::move(tls)),
      options_(options),
      resolver_(proxy.host.empty() ? endpoint.host : proxy.host,
                proxy.host.empty() ? endpoint.port : proxy.port) {}

std::string BeastTransport::textOf(const HttpRequest& request) const {
  std::string text;
  text.reserve(512 + request.body.size());
  text.append(methodName(request.method)).append(" ");
  if (absolute_) text.append("http://").append(authority_);
  text.append(endpoint_.path_prefix).append(request.target).append(" HTTP/1.1\r\nHost: ");
  text.append(authority_).append("\r\n");
  for (const auto& [name, value] : request.headers) {
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!request.content_type.empty()) {
    text.append("Content-Type: ").append(request.content_type).append("\r\n");
  }
  if (request.method != Method::kGet) {
    text.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  text.append("\r\n").append(request.body);
  return text;
}

LanePtr BeastTransport::takePooled() {
  for (;;) {
    LanePtr lane;
    {
      std::lock_guard lock(mutex_);
      if (pool_.empty()) return nullptr;
      lane = std::move(pool_.back());
      pool_.pop_back();
    }
    if (socketNow() - lane->idle_since < kMaxIdle && lane->connection.idleAndOpen()) {
      lane->reused = true;
      return lane;
    }
  }
}

void BeastTransport::giveBack(LanePtr lane) {
  if (lane->connection.woken()) return;
  lane->idle_since = socketNow();
  LanePtr oldest;  // closed outside of the lock
  std::lock_guard lock(mutex_);
  if (pool_.size() >= kMaxPooled) {
    oldest = std::move(pool_.front());
    pool_.erase(pool_.begin());
  }
  pool_.push_back(std::move(lane));
}

std::optional<TransportError> BeastTransport::connect(Lane& lane, base::SteadyTime deadline,
                                                      const std::stop_token& stop) {
  auto addresses = resolver_.resolve(deadline, stop);
  if (!addresses) {
    return TransportError{addresses.error().code(), Phase::kConnect, addresses.error().message()};
  }
  Io io = lane.connection.connect(*addresses);
  if (io != Io::kDone) {
    return errorOf(io, Phase::kConnect,
                   fmt::format("{}: cannot connect: {}", authority_, lane.connection.error()));
  }
  if (tunnel_) {
    if (auto error = openTunnel(lane)) return error;
  }
  if (tls_ == nullptr) return std::nullopt;
  io = tls_->handshake(lane.connection);
  if (io == Io::kDone) return std::nullopt;
  return errorOf(io, Phase::kConnect, authority_ + ": " + lane.connection.error());
}

std::optional<TransportError> BeastTransport::openTunnel(Lane& lane) {
  const std::string text = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", authority_);
  const Io io = lane.connection.write(text);
  if (io != Io::kDone) return errorOf(io, Phase::kConnect, lane.connection.error());
  AnswerReader reader(lane);
  if (auto error = reader.readHeaders()) {
    error->phase = Phase::kConnect;
    error->message = "proxy: " + error->message;
    return error;
  }
  const int status = reader.headers().status;
  // Nothing may follow a successful answer before we speak; a refusal may have a body.
  if (status / 100 == 2 && lane.unread.empty()) return std::nullopt;
  return TransportError{base::Code::kUnavailable, Phase::kConnect,
                        fmt::format("proxy refused to connect (HTTP {})", status)};
}

template <typename Exchange>
std::optional<TransportError> BeastTransport::withLane(base::SteadyTime deadline,
                                                       const std::stop_token& stop,
                                                       Exchange&& exchange) {
  for (bool fresh = false;; fresh = true) {
    LanePtr lane = fresh ? nullptr : takePooled();
    if (lane == nullptr) lane = std::make_unique<Lane>();
    lane->connection.setDeadline(deadline);
    bool again = false;
    bool reusable = false;
    std::optional<TransportError> error;
    {
      const std::stop_callback waker(stop, [&lane] { lane->connection.wake(); });
      if (!lane->reused) error = connect(*lane, deadline, stop);
      if (!error) error = exchange(*lane, again, reusable);
    }
    if (!error) {
      if (reusable) giveBack(std::move(lane));
      return std::nullopt;
    }
    if (!lane->reused || !again) return error;
  }
}

std::optional<TransportError> BeastTransport::ask(Lane& lane, const HttpRequest& request,
                                                  const std::string& text, AnswerReader& reader,
                                                  bool& again) {
  const std::uint64_t before = lane.connection.bytesOut();
  const Io io = lane.connection.write(text);
  const bool left = lane.connection.bytesOut() != before;
  if (io != Io::kDone) {
    again = io == Io::kFailed && (!left || request.method == Method::kGet);
    return errorOf(io, left ? Phase::kSent : Phase::kConnect, lane.connection.error());
  }
  auto error = reader.readHeaders();
  if (error) {
    again = error->code == base::Code::kUnavailable && request.method == Method::kGet &&
            !reader.sawBytes();
  }
  return error;
}

TransportResult<HttpResponse> BeastTransport::send(const HttpRequest& request,
                                                   base::Duration timeout,
                                                   const std::stop_token& stop) {
  const base::SteadyTime deadline = deadlineIn(timeout);
  if (base::Status status = checkRequest(request); !status.ok()) {
    return tl::unexpected(TransportError{status.code(), Phase::kConnect, status.message()});
  }
  HttpResponse response;
  const std::string text = textOf(request);
  const auto exchange = [&](Lane& lane, bool& again,
                            bool& reusable) -> std::optional<TransportError> {
    AnswerReader reader(lane);
    if (auto error = ask(lane, request, text, reader, again)) return error;
    while (!reader.done() && reader.body().size() <= options_.max_body) {
      if (auto error = reader.readMore()) return error;
    }
    if (reader.body().size() > options_.max_body) {
      return TransportError{base::Code::kResourceExhausted, Phase::kBody,
                            fmt::format("answer larger than {} bytes", options_.max_body)};
    }
    response = reader.headers();
    response.body = std::move(reader.body());
    reusable = reader.connectionIsReusable();
    return std::nullopt;
  };
  if (auto error = withLane(deadline, stop, exchange)) return tl::unexpected(std::move(*error));
  return response;
}

TransportResult<StreamEnd> BeastTransport::stream(const HttpRequest& request,
                                                  base::Duration header_timeout,
                                                  base::Duration idle, const std::stop_token& stop,
                                                  const StreamHandlers& handlers) {
  if (base::Status status = checkRequest(request); !status.ok()) {
    return tl::unexpected(TransportError{status.code(), Phase::kConnect, status.message()});
  }
  StreamEnd end;
  const std::string text = textOf(request);
  const auto exchange = [&](Lane& lane, bool& again,
                            bool& reusable) -> std::optional<TransportError> {
    AnswerReader reader(lane);
    if (auto error = ask(lane, request, text, reader, again)) return error;
    if (!handlers.on_headers(reader.headers())) {
      end = {StreamEnd::Reason::kCancelled, "refused by its reader"};
      return std::nullopt;
    }
    for (;;) {
      if (!reader.body().empty() && !handlers.on_data(reader.body())) {
        end = {StreamEnd::Reason::kCancelled, "ended by its reader"};
        return std::nullopt;
      }
      reader.body().clear();
      if (reader.done()) break;
      if (lane.connection.woken()) {
        end = {StreamEnd::Reason::kCancelled, "stopped"};
        return std::nullopt;
      }
      lane.connection.setDeadline(deadlineIn(idle));
      if (auto error = reader.readMore()) {
        end.message = error->message;
        end.reason = error->code == base::Code::kCancelled ? StreamEnd::Reason::kCancelled
                     : error->code == base::Code::kTimeout ? StreamEnd::Reason::kIdle
                                                           : StreamEnd::Reason::kTruncated;
        return std::nullopt;
      }
    }
    reusable = reader.connectionIsReusable();
    return std::nullopt;
  };
  if (auto error = withLane(deadlineIn(header_timeout), stop, exchange)) {
    return tl::unexpected(std::move(*error));
  }
  return end;
}

}  // namespace

base::Result<std::unique_ptr<HttpTransport>> makeBeastTransport(const Endpoint& endpoint,
                                                                const TransportOptions& options) {
  if (base::Status status = checkProxyUrl(endpoint.proxy_url); !status.ok()) {
    return base::fail(status);
  }
  Endpoint proxy;
  if (!endpoint.proxy_url.empty()) {
    if (base::Status status = parseServerUrl(endpoint.proxy_url, false, proxy); !status.ok()) {
      return base::fail(status.withPrefix("proxy-url"));
    }
  }
  std::unique_ptr<TlsClient> tls;
  if (endpoint.scheme == "https") {
    auto made = TlsClient::make(endpoint);
    if (!made) return base::fail(made.error());
    tls = std::move(*made);
  }
  return std::make_unique<BeastTransport>(endpoint, proxy, std::move(tls), options);
}

}  // namespace stowage::k8sclient
