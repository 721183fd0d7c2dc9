#include "k8sclient/transport/cpprest_transport.h"

#define _TURN_OFF_PLATFORM_STRING  // NOLINT(bugprone-reserved-identifier): the library's switch
#include <cpprest/http_client.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <mutex>

#include "base/log.h"
#include "k8sclient/transport/deadline.h"
#include "k8sclient/transport/exchange.h"
#include "k8sclient/transport/server_url.h"
#include "k8sclient/transport/tls_identity.h"

namespace stowage::k8sclient {

namespace {

namespace http = web::http;
namespace streams = concurrency::streams;

// The library's own inactivity timer: only a backstop for exchanges that were given up while they
// could not be cancelled (a proxy that stalls, name resolution). It also runs while on_data blocks,
// so it is longer than any back-pressure should last.
constexpr std::chrono::minutes kLibraryTimeout{10};
// How long a cancelled exchange may take to end before it is left alone (it normally takes 3 ms).
constexpr std::chrono::seconds kCancelGrace{2};
// Tries of one request whose pooled connection turned out to be dead before the body was read.
constexpr int kAttempts = 3;

// A stream buffer that refuses everything: the two below allow what the library needs.
class ClosedStreamBuffer : public streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  using Base = streams::details::streambuf_state_manager<std::uint8_t>;
  explicit ClosedStreamBuffer(std::ios_base::openmode mode) : Base(mode) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(size_t, std::ios_base::openmode) override {}
  size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return failed(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return failed(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return failed();
  }
  bool acquire(std::uint8_t*&, size_t&) override { return false; }
  void release(std::uint8_t*, size_t) override {}

 protected:
  using Base::_putn;
  pplx::task<int_type> _putc(std::uint8_t) override { return end(); }
  pplx::task<size_t> _putn(const std::uint8_t*, size_t) override { return none(); }
  pplx::task<int_type> _bumpc() override { return end(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return end(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return end(); }
  pplx::task<int_type> _ungetc() override { return end(); }
  pplx::task<size_t> _getn(std::uint8_t*, size_t) override { return none(); }
  size_t _scopy(std::uint8_t*, size_t) override { return 0; }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  std::uint8_t* _alloc(size_t) override { return nullptr; }
  void _commit(size_t) override {}

 private:
  static pos_type failed() { return static_cast<pos_type>(traits::eof()); }
  static pplx::task<int_type> end() { return pplx::task_from_result<int_type>(traits::eof()); }
  static pplx::task<size_t> none() { return pplx::task_from_result<size_t>(0); }
};

class RequestBody final : public ClosedStreamBuffer {
 public:
  explicit RequestBody(std::shared_ptr<Exchange> exchange)
      : ClosedStreamBuffer(std::ios_base::in), exchange_(std::move(exchange)) {}

 protected:
  pplx::task<size_t> _getn(std::uint8_t* to, size_t room) override {
    return pplx::task_from_result(exchange_->readRequest(reinterpret_cast<char*>(to), room));
  }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

class AnswerBody final : public ClosedStreamBuffer {
 public:
  explicit AnswerBody(std::shared_ptr<Exchange> exchange)
      : ClosedStreamBuffer(std::ios_base::out), exchange_(std::move(exchange)) {}

 protected:
  using ClosedStreamBuffer::_putn;
  pplx::task<size_t> _putn(const std::uint8_t* data, size_t count) override {
    // The library reads the length of a chunk as a signed int and passes a negative one on.
    if (count > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      return pplx::task_from_exception<size_t>(std::runtime_error("malformed chunk length"));
    }
    const pplx::task_completion_event<size_t> done;
    const std::string_view piece(reinterpret_cast<const char*>(data), count);
    const bool kept = exchange_->takeAnswer(piece, [done, count] { done.set(count); });
    return kept ? pplx::create_task(done) : pplx::task_from_result(count);
  }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

// The library reports an OpenSSL error as its bare packed number.
std::string textOf(const http::http_exception& error) {
  std::string text = error.what();
  const int code = error.error_code().value();
  if (text.find("SSL") == std::string::npos || code == 0) return text;
  const char* reason = ERR_reason_error_string(static_cast<unsigned long>(code));
  if (reason != nullptr) text.append(": ").append(reason);
  return text;
}

std::vector<Header> headersOf(const http::http_response& response) {
  std::vector<Header> headers;
  for (const auto& [name, value] : response.headers()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    headers.emplace_back(std::move(lower), value);
  }
  return headers;
}

// Ends the exchange's task in every case: a task error that nobody looks at ends the process.
template <typename Task, typename Next>
void observe(const std::shared_ptr<Exchange>& exchange, const Task& task, Next&& next) {
  try {
    next(task.get());
  } catch (const http::http_exception& error) {
    exchange->finished(textOf(error));
  } catch (const std::exception& error) {
    exchange->finished(error.what());
  } catch (...) {
    exchange->finished("unknown error of the HTTP library");
  }
}

void start(http::client::http_client& client, const http::http_request& request,
           const pplx::cancellation_token& token, const std::shared_ptr<Exchange>& exchange) {
  client.request(request, token).then([exchange](const pplx::task<http::http_response>& task) {
    observe(exchange, task, [&](const http::http_response& response) {
      exchange->headersArrived(response.status_code(), headersOf(response));
      // content_ready() holds the response alive until its last byte was written to our stream.
      response.content_ready().then([exchange](const pplx::task<http::http_response>& end) {
        observe(exchange, end,
                [&](const http::http_response& /*done*/) { exchange->finished({}); });
      });
    });
  });
}

class CpprestTransport final : public HttpTransport {
 public:
  CpprestTransport(const Endpoint& endpoint, std::shared_ptr<const TlsIdentity> identity,
                   const TransportOptions& options)
      : options_(options),
        server_(endpoint.host + ":" + endpoint.port),
        path_prefix_(endpoint.path_prefix),
        host_header_(endpoint.scheme == "https" ? endpoint.tls_server_name : ""),
        identity_(std::move(identity)),
        client_(fmt::format("{}://{}:{}", endpoint.scheme, endpoint.host, endpoint.port),
                configure(endpoint)) {}

  TransportResult<HttpResponse> send(const HttpRequest& request, base::Duration timeout,
                                     const std::stop_token& stop) override;
  TransportResult<StreamEnd> stream(const HttpRequest& request, base::Duration header_timeout,
                                    base::Duration idle, const std::stop_token& stop,
                                    const StreamHandlers& handlers) override;

 private:
  http::client::http_client_config configure(const Endpoint& endpoint) const;
  http::http_request makeRequest(const HttpRequest& request,
                                 const std::shared_ptr<Exchange>& exchange) const;
  // Starts the exchange and waits for its headers or its failure. Dead pooled connections are
  // replaced as long as no byte of the body was handed over.
  TransportResult<std::shared_ptr<Exchange>> open(const HttpRequest& request, bool streaming,
                                                  base::SteadyTime deadline,
                                                  const std::stop_token& stop,
                                                  pplx::cancellation_token_source& cancel);
  TransportError errorOf(const HttpRequest& request, Exchange& exchange, base::SteadyTime deadline,
                         const std::stop_token& stop) const;

  const TransportOptions options_;
  const std::string server_;  // for messages
  const std::string path_prefix_;
  const std::string host_header_;
  const std::shared_ptr<const TlsIdentity> identity_;
  http::client::http_client client_;
};

http::client::http_client_config CpprestTransport::configure(const Endpoint& endpoint) const {
  http::client::http_client_config config;
  config.set_timeout(kLibraryTimeout);
  config.set_max_redirects(0);
  config.set_request_compressed_response(false);
  if (!endpoint.proxy_url.empty()) config.set_proxy(web::web_proxy(web::uri(endpoint.proxy_url)));
  if (!identity_) return config;
  config.set_validate_certificates(!endpoint.insecure_skip_verify);
  config.set_tlsext_sni_enabled(!identity_->sniName().empty());
  config.set_ssl_context_callback([identity = identity_](boost::asio::ssl::context& context) {
    const base::Status status = identity->apply(context.native_handle());
    if (!status.ok()) throw std::runtime_error(status.message());
  });
  return config;
}

http::http_request CpprestTransport::makeRequest(const HttpRequest& request,
                                                 const std::shared_ptr<Exchange>& exchange) const {
  http::http_request out{std::string(methodName(request.method))};
  out.set_request_uri(web::uri(path_prefix_ + request.target));
  for (const auto& [name, value] : request.headers) out.headers().add(name, value);
  if (!host_header_.empty()) out.headers().add("Host", host_header_);
  // Every write has a body stream, even an empty one: it is what keeps the library from resending.
  if (request.method != Method::kGet) {
    const streams::streambuf<std::uint8_t> body(std::make_shared<RequestBody>(exchange));
    out.set_body(body.create_istream(), request.body.size(), request.content_type);
    if (request.content_type.empty()) out.headers().remove("Content-Type");
  }
  out.set_response_stream(
      streams::streambuf<std::uint8_t>(std::make_shared<AnswerBody>(exchange)).create_ostream());
  return out;
}

TransportResult<std::shared_ptr<Exchange>> CpprestTransport::open(
    const HttpRequest& request, bool streaming, base::SteadyTime deadline,
    const std::stop_token& stop, pplx::cancellation_token_source& cancel) {
  if (base::Status status = checkRequest(request); !status.ok()) {
    return tl::unexpected(TransportError{status.code(), Phase::kConnect, status.message()});
  }
  for (int attempt = 1;; ++attempt) {
    // A fast answer would be there before the first wait looks at `stop`.
    if (stop.stop_requested()) {
      return tl::unexpected(TransportError{base::Code::kCancelled, Phase::kConnect, "stopped"});
    }
    auto exchange = std::make_shared<Exchange>(request.body, options_.max_body, streaming);
    try {
      start(client_, makeRequest(request, exchange), cancel.get_token(), exchange);
    } catch (const std::exception& error) {
      return tl::unexpected(
          TransportError{base::Code::kInvalidArgument, Phase::kConnect, error.what()});
    }
    const bool ended = exchange->waitFor(
        deadline, stop, [](const Exchange::Outcome& x) { return x.headers || x.finished; });
    const Exchange::Outcome outcome = exchange->outcome();
    if (ended && outcome.headers) return exchange;
    if (!ended) {
      cancel.cancel();
      exchange->abandon(kCancelGrace);
      return tl::unexpected(errorOf(request, *exchange, deadline, stop));
    }
    // A pooled connection that was dead before the headers were out. No part of the body was read,
    // so nothing that the server could act on has left.
    const bool stale = outcome.error.starts_with("Failed to write request headers");
    if (!stale || outcome.request_read || attempt == kAttempts) {
      return tl::unexpected(errorOf(request, *exchange, deadline, stop));
    }
  }
}

// What an exchange that ended without headers, or was given up, means for the caller.
TransportError CpprestTransport::errorOf(const HttpRequest& request, Exchange& exchange,
                                         base::SteadyTime deadline,
                                         const std::stop_token& stop) const {
  const Exchange::Outcome outcome = exchange.outcome();
  TransportError error;
  const bool connecting = outcome.error.find("resolv") != std::string::npos ||
                          outcome.error.find("connect to") != std::string::npos ||
                          outcome.error.find("proxy") != std::string::npos ||
                          outcome.error.find("SSL handshake") != std::string::npos;
  const bool sent = request.body.empty() ? !connecting : outcome.request_read;
  error.phase = outcome.headers ? Phase::kBody : sent ? Phase::kSent : Phase::kConnect;
  if (outcome.too_large) {
    error.code = base::Code::kResourceExhausted;
    error.message = fmt::format("answer larger than {} bytes", options_.max_body);
  } else if (stop.stop_requested()) {
    error.code = base::Code::kCancelled;
    error.message = "stopped";
  } else if (socketNow() >= deadline) {
    error.code = base::Code::kTimeout;
    error.message = "no complete answer in time";
  } else {
    error.message = outcome.error.empty() ? "connection lost" : outcome.error;
    const std::string reason = identity_ ? identity_->lastVerifyError() : std::string();
    if (!reason.empty() && error.message.find("certificate verify failed") != std::string::npos) {
      error.message += " (" + reason + ")";
    }
    if (connecting) error.message = server_ + ": " + error.message;
  }
  return error;
}

TransportResult<HttpResponse> CpprestTransport::send(const HttpRequest& request,
                                                     base::Duration timeout,
                                                     const std::stop_token& stop) {
  const base::SteadyTime deadline = deadlineIn(timeout);
  pplx::cancellation_token_source cancel;
  auto opened = open(request, false, deadline, stop, cancel);
  if (!opened) return tl::unexpected(opened.error());
  Exchange& exchange = **opened;
  const bool ended = exchange.waitFor(
      deadline, stop, [](const Exchange::Outcome& x) { return x.finished || x.too_large; });
  const Exchange::Outcome outcome = exchange.outcome();
  if (ended && outcome.finished && outcome.error.empty() && !outcome.too_large) {
    return exchange.takeResponse();
  }
  if (!outcome.finished) {
    cancel.cancel();
    exchange.abandon(kCancelGrace);
  }
  return tl::unexpected(errorOf(request, exchange, deadline, stop));
}

TransportResult<StreamEnd> CpprestTransport::stream(const HttpRequest& request,
                                                    base::Duration header_timeout,
                                                    base::Duration idle,
                                                    const std::stop_token& stop,
                                                    const StreamHandlers& handlers) {
  pplx::cancellation_token_source cancel;
  auto opened = open(request, true, deadlineIn(header_timeout), stop, cancel);
  if (!opened) return tl::unexpected(opened.error());
  Exchange& exchange = **opened;
  const auto endBy = [&](StreamEnd::Reason reason, std::string message) {
    cancel.cancel();
    exchange.abandon(kCancelGrace);
    return StreamEnd{reason, std::move(message)};
  };
  if (!handlers.on_headers(exchange.headers())) {
    return endBy(StreamEnd::Reason::kCancelled, "refused by its reader");
  }
  for (;;) {
    const bool ready = exchange.waitFor(
        deadlineIn(idle), stop, [](const Exchange::Outcome& x) { return x.piece || x.finished; });
    if (stop.stop_requested()) return endBy(StreamEnd::Reason::kCancelled, "stopped");
    if (!ready) return endBy(StreamEnd::Reason::kIdle, "no data for the idle limit");
    const Exchange::Outcome outcome = exchange.outcome();
    if (outcome.finished) {
      if (outcome.error.empty()) return StreamEnd{};
      return StreamEnd{StreamEnd::Reason::kTruncated, outcome.error};
    }
    if (!exchange.consumePiece(handlers.on_data)) {
      return endBy(StreamEnd::Reason::kCancelled, "ended by its reader");
    }
  }
}

}  // namespace

void initializeCpprest(int threads) {
  static std::once_flag once;
  std::call_once(once, [threads] {
    // OpenSSL first: what starts first is destroyed last, and the pool uses OpenSSL to the end.
    OPENSSL_init_ssl(0, nullptr);
    rememberSystemTrust();
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    setenv("SSL_CERT_DIR", "/nonexistent", 1);
    try {
      crossplat::threadpool::initialize_with_threads(static_cast<std::size_t>(threads));
    } catch (const std::exception& error) {
      base::log().warn("HTTP thread pool was already running", {{"error", error.what()}});
    }
  });
}

base::Result<std::unique_ptr<HttpTransport>> makeCpprestTransport(const Endpoint& endpoint,
                                                                  const TransportOptions& options) {
  initializeCpprest(2);
  if (isIpv6Address(endpoint.host)) {
    return base::fail(base::Code::kUnsupported, "IPv6 addresses need the other transport");
  }
  if (base::Status status = checkProxyUrl(endpoint.proxy_url); !status.ok()) {
    return base::fail(status);
  }
  std::shared_ptr<const TlsIdentity> identity;
  if (endpoint.scheme == "https") {
    auto loaded = TlsIdentity::load(endpoint);
    if (!loaded) return base::fail(loaded.error());
    identity = std::move(*loaded);
  }
  try {
    return std::make_unique<CpprestTransport>(endpoint, std::move(identity), options);
  } catch (const std::exception& error) {
    return base::fail(base::Code::kInvalidArgument,
                      fmt::format("server address: {}", error.what()));
  }
}

}  // namespace stowage::k8sclient
