// ScriptedServer: a real HTTP/1.1 server on loopback, plain or TLS, whose every answer is written
// by the test, down to where the bytes are cut. For the error paths of clients that a real API
// server never shows on demand.
//
//   ScriptedServer server;
//   server.enqueue(answerJson(200, R"({"kind":"PodList"})"));        // first request
//   server.enqueue([](const ReceivedRequest&, Reply& reply) {        // second one
//     reply.startChunked(200);
//     reply.chunk("{\"type\":");
//     reply.reset();
//   });
//   server.onRequest(answerJson(404, "{}"));                         // all others
//
// Each connection has a thread of its own, so handlers may block; every blocking call of Reply
// returns at once when the server is destroyed. Thread safety: all methods from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing/http/certificates.h"

namespace stowage::testing {

struct ReceivedRequest {
  std::string method;
  std::string target;                                        // as sent, with query
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  int connection = 0;       // 0 for the first accepted connection, and so on
  int on_connection = 0;    // 0 for the first request of its connection
  std::string client;       // common name of the client's certificate
  std::string sni;          // name that the client asked for
  std::string tls_version;  // "" over plain TCP
  bool tls_resumed = false;

  // The first value of a header given in lower case, "" without.
  [[nodiscard]] std::string header(std::string_view lower_name) const;
  [[nodiscard]] int headerCount(std::string_view lower_name) const;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

class Wire;

// What a handler can do to answer. A handler that returns without ending the answer leaves the
// connection open for the next request only if the answer was complete.
class Reply {
 public:
  explicit Reply(Wire& wire) : wire_(wire) {}
  // A whole answer with Content-Length.
  void send(int status, const Headers& headers, std::string_view body);
  void json(int status, std::string_view body, const Headers& headers = {});
  // Bytes as they are; for broken or half answers.
  bool raw(std::string_view bytes);
  void startChunked(int status, const Headers& headers = {});
  bool chunk(std::string_view data);
  void endChunks();
  // Ends the connection: orderly, or so that the client sees a reset.
  void close();
  void reset();
  // Waits; false when the server stops meanwhile.
  [[nodiscard]] bool pause(std::chrono::milliseconds time) const;
  // Waits until the client closes its end (or the server stops); true when it did.
  bool waitForClientToClose(std::chrono::milliseconds limit = std::chrono::seconds(30));

 private:
  Wire& wire_;
};

using Handler = std::function<void(const ReceivedRequest&, Reply&)>;

// Frequent handlers.
Handler answerJson(int status, std::string body, Headers headers = {});
// A `Status` object of the API with this reason.
Handler answerStatus(int status, std::string reason, std::string message = "scripted",
                     Headers headers = {});
Handler closeWithoutAnswer();
Handler resetWithoutAnswer();
// Takes the request and never answers.
Handler stall();

struct ServerOptions {
  bool ipv6 = false;
  std::optional<TestCertificate> tls;  // none: plain TCP
  std::string client_ca_pem;           // not empty: a client certificate of this CA is required
  bool only_tls11 = false;
};

class ScriptedServer {
 public:
  explicit ScriptedServer(ServerOptions options = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] int port() const;
  [[nodiscard]] std::string portText() const { return std::to_string(port()); }
  // "http://127.0.0.1:1234" or with https and [::1].
  [[nodiscard]] std::string url() const;

  // The answer to the next request that has none yet, in order.
  void enqueue(Handler handler);
  // The answer to requests beyond the queue; 404 until set.
  void onRequest(Handler handler);

  [[nodiscard]] std::vector<ReceivedRequest> requests() const;
  [[nodiscard]] std::size_t requestCount() const;
  [[nodiscard]] int connectionCount() const;
  // False when there are fewer than `count` requests (connections) after `limit`.
  [[nodiscard]] bool waitForRequests(
      std::size_t count, std::chrono::milliseconds limit = std::chrono::seconds(10)) const;
  // Waits until no connection is open any more.
  [[nodiscard]] bool waitForNoConnections(
      std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

  // New connections see this certificate from now on.
  void rotate(const TestCertificate& certificate, const std::string& client_ca_pem = {});
  // Cuts every open connection, as a server that dies does.
  void cutConnections();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stowage::testing
