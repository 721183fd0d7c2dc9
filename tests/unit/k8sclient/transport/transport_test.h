// What the tests of both transports share: one list of cases, driven through each implementation.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <ostream>
#include <string>

#include "k8sclient/transport/http_transport.h"
#include "k8sclient/transport/transports.h"
#include "testing/http/scripted_server.h"

namespace stowage::k8sclient {

struct TransportKind {
  std::string name;
  TransportFactory make;
  friend std::ostream& operator<<(std::ostream& out, const TransportKind& kind) {
    return out << kind.name;
  }
};

inline HttpRequest getRequest(const std::string& target) {
  HttpRequest request;
  request.target = target;
  return request;
}

inline HttpRequest postRequest(const std::string& target, std::string body) {
  HttpRequest request;
  request.method = Method::kPost;
  request.target = target;
  request.body = std::move(body);
  request.content_type = "application/json";
  return request;
}

class TransportTest : public ::testing::TestWithParam<TransportKind> {
 protected:
  // Long enough for a busy machine; no test waits it out.
  static constexpr std::chrono::seconds kLong{20};

  // For limits that must not end before something else has happened, which takes how long it takes
  // on a busy machine: `attempt` is called with limits that double until it says that its limit was
  // long enough. False: it never was.
  template <typename Attempt>
  static bool withGrowingLimit(Attempt&& attempt) {
    for (std::chrono::milliseconds limit(150); limit < kLong; limit *= 2) {
      if (attempt(limit)) return true;
    }
    return false;
  }

  static Endpoint plainEndpoint(const testing::ScriptedServer& server) {
    Endpoint endpoint;
    endpoint.scheme = "http";
    endpoint.host = "127.0.0.1";
    endpoint.port = server.portText();
    return endpoint;
  }
  static Endpoint tlsEndpoint(const testing::ScriptedServer& server, const std::string& ca_pem) {
    Endpoint endpoint = plainEndpoint(server);
    endpoint.scheme = "https";
    endpoint.ca_pem = ca_pem;
    return endpoint;
  }
  static std::unique_ptr<HttpTransport> transportTo(const Endpoint& endpoint) {
    auto made = GetParam().make(endpoint);
    if (!made) ADD_FAILURE() << made.error().toString();
    return made ? std::move(*made) : nullptr;
  }
};

// The implementations under test.
std::vector<TransportKind> allTransports();
std::string kindName(const ::testing::TestParamInfo<TransportKind>& info);

}  // namespace stowage::k8sclient
