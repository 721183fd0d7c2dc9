#include "testing/http/scripted_server.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/text.h"
#include "testing/http/wire.h"

namespace stowage::testing {

namespace {

using Milliseconds = std::chrono::milliseconds;
constexpr Milliseconds kReadLimit{600'000};

using ContextPtr = std::shared_ptr<SSL_CTX>;

X509* readCertificate(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* cert = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  STOWAGE_CHECK(cert != nullptr, "test certificate text");
  return cert;
}

ContextPtr makeContext(const TestCertificate& certificate, const std::string& client_ca_pem,
                       bool only_tls11) {
  ContextPtr context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  X509* cert = readCertificate(certificate.cert_pem);
  BIO* bio =
      BIO_new_mem_buf(certificate.key_pem.data(), static_cast<int>(certificate.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  SSL_CTX_use_certificate(context.get(), cert);
  SSL_CTX_use_PrivateKey(context.get(), key);
  X509_free(cert);
  EVP_PKEY_free(key);
  if (!client_ca_pem.empty()) {
    X509* ca = readCertificate(client_ca_pem);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca);
    X509_free(ca);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  const unsigned char id[] = "scripted";
  SSL_CTX_set_session_id_context(context.get(), id, sizeof id - 1);
  if (only_tls11) {
    // TLS 1.1 needs SHA-1, which OpenSSL 3 allows at security level 0 only.
    SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
  }
  return context;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(' ');
  return from == std::string::npos ? "" : text.substr(from);
}

// Fills method, target and headers from the text before the blank line.
void parseHead(const std::string& head, ReceivedRequest& request) {
  std::size_t at = head.find("\r\n");
  const std::string line = head.substr(0, at);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  request.method = line.substr(0, first);
  if (first != std::string::npos && last > first) {
    request.target = line.substr(first + 1, last - first - 1);
  }
  while (at != std::string::npos && at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string header = head.substr(at + 2, end - at - 2);
    const std::size_t colon = header.find(':');
    if (colon != std::string::npos) {
      request.headers.emplace_back(lower(header.substr(0, colon)),
                                   trimmed(header.substr(colon + 1)));
    }
    at = end;
  }
}

std::string headText(int status, const Headers& headers) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  return text;
}

}  // namespace

std::string ReceivedRequest::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return {};
}

int ReceivedRequest::headerCount(std::string_view lower_name) const {
  return static_cast<int>(std::count_if(headers.begin(), headers.end(),
                                        [&](const auto& h) { return h.first == lower_name; }));
}

void Reply::send(int status, const Headers& headers, std::string_view body) {
  std::string text = headText(status, headers);
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  text += body;
  wire_.write(text);
}

void Reply::json(int status, std::string_view body, const Headers& headers) {
  Headers all = headers;
  all.emplace_back("Content-Type", "application/json");
  send(status, all, body);
}

bool Reply::raw(std::string_view bytes) { return wire_.write(bytes); }

void Reply::startChunked(int status, const Headers& headers) {
  Headers all = headers;
  all.emplace_back("Transfer-Encoding", "chunked");
  wire_.write(headText(status, all) + "\r\n");
}

bool Reply::chunk(std::string_view data) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return wire_.write(size + std::string(data) + "\r\n");
}

void Reply::endChunks() { wire_.write("0\r\n\r\n"); }
void Reply::close() { wire_.close(); }
void Reply::reset() { wire_.reset(); }
bool Reply::pause(Milliseconds time) const { return wire_.pause(time); }
bool Reply::waitForClientToClose(Milliseconds limit) { return wire_.waitForClose(limit); }

Handler answerJson(int status, std::string body, Headers headers) {
  return [=](const ReceivedRequest&, Reply& reply) { reply.json(status, body, headers); };
}

Handler answerStatus(int status, std::string reason, std::string message, Headers headers) {
  const std::string body = R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":)" +
                           base::jsonString(reason) + ",\"message\":" + base::jsonString(message) +
                           ",\"code\":" + std::to_string(status) + "}";
  return answerJson(status, body, std::move(headers));
}

Handler closeWithoutAnswer() {
  return [](const ReceivedRequest&, Reply& reply) { reply.close(); };
}
Handler resetWithoutAnswer() {
  return [](const ReceivedRequest&, Reply& reply) { reply.reset(); };
}
Handler stall() {
  return [](const ReceivedRequest&, Reply& reply) {
    reply.waitForClientToClose(std::chrono::minutes(5));
  };
}

class ScriptedServer::Impl {
 public:
  explicit Impl(ServerOptions options) : options_(std::move(options)), listener_(options_.ipv6) {
    if (options_.tls) {
      context_ = makeContext(*options_.tls, options_.client_ca_pem, options_.only_tls11);
    }
    acceptor_ = std::thread([this] { acceptAll(); });
  }

  ~Impl() {
    stop_.raise();
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
  }

  void acceptAll() {
    for (int number = 0;; ++number) {
      const int fd = listener_.accept(stop_);
      if (fd < 0) return;
      std::lock_guard lock(mutex_);
      ++connections_;
      ++open_count_;
      threads_.emplace_back([this, fd, number] { serve(fd, number); });
    }
  }

  void serve(int fd, int number) {
    // OpenSSL writes without MSG_NOSIGNAL; the signal must not hide what clients do about theirs.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    {
      Wire wire(fd, stop_);
      {
        std::lock_guard lock(mutex_);
        open_.insert({number, &wire});
      }
      if (handshake(wire)) {
        std::string buffer;
        for (int count = 0; serveOne(wire, buffer, number, count); ++count) {
        }
      }
      std::lock_guard lock(mutex_);
      open_.erase(number);
    }
    std::lock_guard lock(mutex_);
    --open_count_;
    changed_.notify_all();
  }

  bool handshake(Wire& wire) {
    ContextPtr context;
    {
      std::lock_guard lock(mutex_);
      context = context_;
    }
    return context == nullptr || wire.accept(context.get());
  }

  // Reads one request and runs its handler; false when the connection is over.
  bool serveOne(Wire& wire, std::string& buffer, int connection, int count) {
    ReceivedRequest request;
    if (!readRequest(wire, buffer, request)) return false;
    request.connection = connection;
    request.on_connection = count;
    request.client = wire.peerName();
    request.sni = wire.sniName();
    request.tls_version = wire.tlsVersion();
    request.tls_resumed = wire.sessionReused();
    Handler handler;
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (!queue_.empty()) {
        handler = std::move(queue_.front());
        queue_.pop_front();
      } else {
        handler = fallback_;
      }
      changed_.notify_all();
    }
    Reply reply(wire);
    handler(request, reply);
    return !wire.closed();
  }

  static bool readMore(Wire& wire, std::string& buffer) {
    return wire.read(buffer, kReadLimit) == Wire::End::kData;
  }

  static bool readRequest(Wire& wire, std::string& buffer, ReceivedRequest& request) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!readMore(wire, buffer)) return false;
    }
    parseHead(buffer.substr(0, end + 2), request);
    buffer.erase(0, end + 4);
    if (request.header("transfer-encoding") == "chunked") return readChunks(wire, buffer, request);
    const std::string length = request.header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    while (buffer.size() < size) {
      if (!readMore(wire, buffer)) return false;
    }
    request.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return true;
  }

  static bool readChunks(Wire& wire, std::string& buffer, ReceivedRequest& request) {
    for (;;) {
      std::size_t line = 0;
      while ((line = buffer.find("\r\n")) == std::string::npos) {
        if (!readMore(wire, buffer)) return false;
      }
      const std::size_t size = std::stoul(buffer.substr(0, line), nullptr, 16);
      while (buffer.size() < line + 2 + size + 2) {
        if (!readMore(wire, buffer)) return false;
      }
      request.body += buffer.substr(line + 2, size);
      buffer.erase(0, line + 2 + size + 2);
      if (size == 0) return true;
    }
  }

  const ServerOptions options_;
  const StopSignal stop_;
  const Listener listener_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  ContextPtr context_;
  std::deque<Handler> queue_;
  Handler fallback_ = answerStatus(404, "NotFound", "nothing scripted for this request");
  std::vector<ReceivedRequest> requests_;
  int connections_ = 0;
  int open_count_ = 0;
  std::map<int, Wire*> open_;         // those that can be cut, by number
  std::vector<std::thread> threads_;  // added to by acceptor_ only, under mutex_
  std::thread acceptor_;
};

ScriptedServer::ScriptedServer(ServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ScriptedServer::~ScriptedServer() = default;

int ScriptedServer::port() const { return impl_->listener_.port(); }

std::string ScriptedServer::url() const {
  return std::string(impl_->options_.tls ? "https://" : "http://") +
         (impl_->options_.ipv6 ? "[::1]:" : "127.0.0.1:") + portText();
}

void ScriptedServer::enqueue(Handler handler) {
  std::lock_guard lock(impl_->mutex_);
  impl_->queue_.push_back(std::move(handler));
}

void ScriptedServer::onRequest(Handler handler) {
  std::lock_guard lock(impl_->mutex_);
  impl_->fallback_ = std::move(handler);
}

std::vector<ReceivedRequest> ScriptedServer::requests() const {
  std::lock_guard lock(impl_->mutex_);
  return impl_->requests_;
}

std::size_t ScriptedServer::requestCount() const {
  std::lock_guard lock(impl_->mutex_);
  return impl_->requests_.size();
}

int ScriptedServer::connectionCount() const {
  std::lock_guard lock(impl_->mutex_);
  return impl_->connections_;
}

bool ScriptedServer::waitForRequests(std::size_t count, Milliseconds limit) const {
  std::unique_lock lock(impl_->mutex_);
  return impl_->changed_.wait_for(lock, limit, [&] { return impl_->requests_.size() >= count; });
}

bool ScriptedServer::waitForNoConnections(Milliseconds limit) const {
  std::unique_lock lock(impl_->mutex_);
  return impl_->changed_.wait_for(lock, limit, [&] { return impl_->open_count_ == 0; });
}

void ScriptedServer::rotate(const TestCertificate& certificate, const std::string& client_ca_pem) {
  ContextPtr context = makeContext(certificate, client_ca_pem, false);
  std::lock_guard lock(impl_->mutex_);
  impl_->context_ = std::move(context);
}

void ScriptedServer::cutConnections() {
  std::lock_guard lock(impl_->mutex_);
  for (const auto& [number, wire] : impl_->open_) wire->shutDown();
}

}  // namespace stowage::testing
