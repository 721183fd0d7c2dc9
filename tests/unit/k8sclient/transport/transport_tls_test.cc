// TLS, proxies and addresses: whom the transports trust, who they say they are.
#include <gmock/gmock.h>

#include <cstdlib>

#include "k8sclient/transport/tls_identity.h"
#include "testing/http/relay.h"
#include "unit/k8sclient/transport/transport_test.h"

namespace stowage::k8sclient {

using testing::answerJson;
using ::testing::HasSubstr;
using testing::Relay;
using testing::ScriptedServer;
using testing::TestAuthority;

class TlsTest : public TransportTest {
 protected:
  TestAuthority ca_;

  testing::ServerOptions options(const std::vector<std::string>& names = {"127.0.0.1"}) const {
    testing::ServerOptions options;
    options.tls = ca_.server(names);
    return options;
  }
  static void expectRefused(const Endpoint& endpoint, const ScriptedServer& server,
                            const std::string& reason) {
    const auto transport = transportTo(endpoint);
    ASSERT_NE(transport, nullptr);
    const auto answer = transport->send(postRequest("/", "{}"), kLong, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, base::Code::kUnavailable);
    EXPECT_EQ(answer.error().phase, Phase::kConnect);
    EXPECT_THAT(answer.error().message, HasSubstr(reason));
    EXPECT_EQ(server.requestCount(), 0U);
  }
};

INSTANTIATE_TEST_SUITE_P(Both, TlsTest, ::testing::ValuesIn(allTransports()), kindName);

TEST_P(TlsTest, AServerOfOurAuthorityIsTrusted) {
  ScriptedServer server(options());
  server.onRequest(answerJson(200, "{}"));
  const auto transport = transportTo(tlsEndpoint(server, ca_.pem()));
  for (int i = 0; i < 3; ++i) {
    const auto answer = transport->send(postRequest("/", "{}"), kLong, {});
    ASSERT_TRUE(answer) << answer.error().message;
  }
  EXPECT_THAT(server.requests().at(0).tls_version, ::testing::AnyOf("TLSv1.3", "TLSv1.2"));
  EXPECT_EQ(server.requests().at(0).sni, "") << "an address is no server name";
}

TEST_P(TlsTest, TheAuthorityMayBeOneOfSeveral) {
  const TestAuthority other("other-ca");
  ScriptedServer server(options());
  server.onRequest(answerJson(200, "{}"));
  const auto transport = transportTo(tlsEndpoint(server, other.pem() + ca_.pem()));
  const auto answer = transport->send(getRequest("/"), kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
}

TEST_P(TlsTest, AnotherAuthorityIsRefusedWithTheReason) {
  const TestAuthority other("other-ca");
  ScriptedServer server(options());
  expectRefused(tlsEndpoint(server, other.pem()), server, "certificate");
}

TEST_P(TlsTest, WithoutAnAuthorityOnlyTheSystemsAreTrusted) {
  ScriptedServer server(options());
  expectRefused(tlsEndpoint(server, ""), server, "certificate");
}

TEST_P(TlsTest, AServerOfAnotherNameIsRefused) {
  ScriptedServer server(options({"10.0.0.1", "kubernetes.default.svc"}));
  expectRefused(tlsEndpoint(server, ca_.pem()), server, "certificate");
}

TEST_P(TlsTest, TlsServerNameIsAskedForAndVerified) {
  ScriptedServer server(options({"kubernetes.default.svc"}));
  server.onRequest(answerJson(200, "{}"));
  Endpoint endpoint = tlsEndpoint(server, ca_.pem());
  endpoint.tls_server_name = "kubernetes.default.svc";
  const auto transport = transportTo(endpoint);
  const auto answer = transport->send(getRequest("/"), kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(server.requests().at(0).sni, "kubernetes.default.svc");
  endpoint.tls_server_name = "other.default.svc";
  const auto wrong = transportTo(endpoint)->send(getRequest("/"), kLong, {});
  ASSERT_FALSE(wrong);
}

TEST_P(TlsTest, AHostNameIsSentAsServerName) {
  ScriptedServer server(options({"localhost"}));
  server.onRequest(answerJson(200, "{}"));
  Endpoint endpoint = tlsEndpoint(server, ca_.pem());
  endpoint.host = "localhost";
  const auto answer = transportTo(endpoint)->send(getRequest("/"), kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(server.requests().at(0).sni, "localhost");
}

TEST_P(TlsTest, InsecureSkipsTheCheckAndNothingElse) {
  ScriptedServer server(options({"10.0.0.1"}));
  server.onRequest(answerJson(200, "{}"));
  Endpoint endpoint = tlsEndpoint(server, "");
  endpoint.insecure_skip_verify = true;
  const auto answer = transportTo(endpoint)->send(getRequest("/"), kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
}

TEST_P(TlsTest, TlsBelow12IsRefused) {
  testing::ServerOptions old = options();
  old.only_tls11 = true;
  ScriptedServer server(old);
  expectRefused(tlsEndpoint(server, ca_.pem()), server, "");
}

TEST_P(TlsTest, TheClientCertificateSaysWhoWeAre) {
  testing::ServerOptions strict = options();
  strict.client_ca_pem = ca_.pem();
  ScriptedServer server(strict);
  server.onRequest(answerJson(200, "{}"));
  Endpoint endpoint = tlsEndpoint(server, ca_.pem());
  const auto nobody = transportTo(endpoint)->send(getRequest("/"), kLong, {});
  EXPECT_FALSE(nobody);
  EXPECT_EQ(server.requestCount(), 0U);
  const testing::TestCertificate me = ca_.client("system:stowage", "operators");
  endpoint.client_cert_pem = me.cert_pem;
  endpoint.client_key_pem = me.key_pem;
  const auto answer = transportTo(endpoint)->send(getRequest("/"), kLong, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(server.requests().at(0).client, "system:stowage");
}

TEST_P(TlsTest, BrokenPemIsRefusedAtOnceWithoutShowingIt) {
  Endpoint good;
  good.host = "127.0.0.1";
  good.port = "1";
  good.ca_pem = ca_.pem();
  const testing::TestCertificate me = ca_.client("me");
  const testing::TestCertificate you = ca_.client("you");
  struct Case {
    const char* name;
    std::function<void(Endpoint&)> spoil;
    const char* want;
  };
  const std::vector<Case> cases{
      {"no certificate in the CA", [](Endpoint& e) { e.ca_pem = "garbage"; }, "authority"},
      {"broken block",
       [](Endpoint& e) {
         e.ca_pem += "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n";
       },
       "authority"},
      {"certificate without key", [&](Endpoint& e) { e.client_cert_pem = me.cert_pem; },
       "together"},
      {"key of somebody else",
       [&](Endpoint& e) {
         e.client_cert_pem = me.cert_pem;
         e.client_key_pem = you.key_pem;
       },
       "does not belong"},
      {"no key",
       [&](Endpoint& e) {
         e.client_cert_pem = me.cert_pem;
         e.client_key_pem = "SECRET";
       },
       "client key"}};
  for (const Case& c : cases) {
    Endpoint bad = good;
    c.spoil(bad);
    const auto made = GetParam().make(bad);
    ASSERT_FALSE(made) << c.name;
    EXPECT_EQ(made.error().code(), base::Code::kInvalidArgument) << c.name;
    EXPECT_THAT(made.error().message(), HasSubstr(c.want)) << c.name;
    EXPECT_THAT(made.error().message(), ::testing::Not(HasSubstr("SECRET")));
  }
}

TEST_P(TlsTest, AStalledHandshakeKeepsTheDeadlineAndSendsNothing) {
  // A server that accepts and says nothing: plain, so that it waits for a request forever.
  ScriptedServer server;
  const auto transport = transportTo(tlsEndpoint(server, ca_.pem()));
  const auto answer = transport->send(postRequest("/", "{}"), std::chrono::milliseconds(200), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Code::kTimeout);
  EXPECT_EQ(answer.error().phase, Phase::kConnect);
}

TEST_P(TlsTest, AProxyIsAskedToConnectAndTlsRunsThroughIt) {
  ScriptedServer server(options());
  server.onRequest(answerJson(200, "{}"));
  Relay proxy(Relay::Kind::kHttpProxy);
  Endpoint endpoint = tlsEndpoint(server, ca_.pem());
  endpoint.proxy_url = proxy.url();
  const auto transport = transportTo(endpoint);
  for (int i = 0; i < 3; ++i) {
    const auto answer = transport->send(postRequest("/", "{}"), kLong, {});
    ASSERT_TRUE(answer) << answer.error().message;
  }
  ASSERT_FALSE(proxy.connects().empty());
  EXPECT_EQ(proxy.connects().at(0), "127.0.0.1:" + server.portText());
}

TEST_P(TlsTest, AProxyThatRefusesIsAnErrorThatSentNothing) {
  ScriptedServer server(options());
  ScriptedServer proxy;
  proxy.onRequest(answerJson(407, "who are you"));
  Endpoint endpoint = tlsEndpoint(server, ca_.pem());
  endpoint.proxy_url = proxy.url();
  const auto answer = transportTo(endpoint)->send(postRequest("/", "{}"), kLong, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().phase, Phase::kConnect) << answer.error().message;
  EXPECT_THAT(answer.error().message, HasSubstr("407"));
  EXPECT_EQ(server.requestCount(), 0U);
}

TEST_P(TlsTest, AProxyThatStallsKeepsTheDeadline) {
  ScriptedServer proxy;
  proxy.onRequest(testing::stall());
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = "1";
  endpoint.ca_pem = ca_.pem();
  endpoint.proxy_url = proxy.url();
  const auto start = std::chrono::steady_clock::now();
  const auto answer =
      transportTo(endpoint)->send(postRequest("/", "{}"), std::chrono::milliseconds(200), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::Code::kTimeout);
  EXPECT_EQ(answer.error().phase, Phase::kConnect);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kLong) << "it would stall for ever";
}

TEST_P(TlsTest, ProxySchemesThatAreNotOfferedAreRefusedByName) {
  for (const char* url : {"https://proxy:1", "socks5://proxy:1", "ftp://proxy", "http://"}) {
    Endpoint endpoint;
    endpoint.host = "127.0.0.1";
    endpoint.port = "1";
    endpoint.proxy_url = url;
    const auto made = GetParam().make(endpoint);
    ASSERT_FALSE(made) << url;
    EXPECT_THAT(made.error().message(), HasSubstr("proxy-url")) << url;
  }
}

TEST_P(TlsTest, TheRestOfTheProgramStillSeesTheSystemsCertificates) {
  ScriptedServer server(options());
  (void)transportTo(tlsEndpoint(server, ca_.pem()));
  // cpprestsdk is kept from reading them per connection; who needs them asks for the old values.
  ASSERT_NE(rememberedSystemTrust(), nullptr);
}

TEST(DefaultTransportsTest, AnIpv6ServerIsReachedByBothLanes) {
  const TestAuthority ca;
  testing::ServerOptions options;
  options.ipv6 = true;
  options.tls = ca.server({"::1"});
  ScriptedServer server(options);
  server.onRequest(answerJson(200, "{}"));
  Endpoint endpoint;
  endpoint.host = "::1";
  endpoint.port = server.portText();
  endpoint.ca_pem = ca.pem();
  const TransportFactories factories = defaultTransports();
  for (const TransportFactory& make : {factories.calls, factories.fast}) {
    auto transport = make(endpoint);
    ASSERT_TRUE(transport) << transport.error().message();
    const auto answer = (*transport)->send(getRequest("/"), std::chrono::seconds(20), {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(server.requests().back().header("host"), "[::1]:" + server.portText());
  }
}

TEST(FastLaneTest, ANewConnectionResumesTheTlsSession) {
  const TestAuthority ca;
  testing::ServerOptions options;
  options.tls = ca.server({"127.0.0.1"});
  ScriptedServer server(options);
  server.onRequest([](const testing::ReceivedRequest&, testing::Reply& reply) {
    reply.json(200, "{}", {{"Connection", "close"}});
  });
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = server.portText();
  endpoint.ca_pem = ca.pem();
  auto transport = defaultTransports().fast(endpoint);
  ASSERT_TRUE(transport);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE((*transport)->send(getRequest("/"), std::chrono::seconds(20), {}));
  }
  EXPECT_EQ(server.connectionCount(), 3);
  EXPECT_FALSE(server.requests().at(0).tls_resumed);
  EXPECT_TRUE(server.requests().at(2).tls_resumed);
}

}  // namespace stowage::k8sclient
