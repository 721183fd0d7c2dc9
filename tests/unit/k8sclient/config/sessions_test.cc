// Credentials over time: tokens, authorities and certificates that rotate on disk, and plugins.
#include "k8sclient/config/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "testing/http/scripted_server.h"
#include "testing/process/child_process.h"
#include "unit/k8sclient/config/temp_folder.h"

namespace stowage::k8sclient {
namespace {

using std::chrono::seconds;
using testing::answerJson;
using ::testing::HasSubstr;
using testing::ScriptedServer;
using testing::TestAuthority;

std::string authorizationOf(const Session& session) {
  for (const Header& header : session.headers) {
    if (header.first == "Authorization") return header.second;
  }
  return "";
}

class SessionsTest : public ::testing::Test {
 protected:
  TempFolder folder_;
  base::ManualClock clock_;
  TestAuthority ca_;

  ClientConfig config() const {
    ClientConfig config;
    config.endpoint.host = "127.0.0.1";
    config.endpoint.port = "1";
    config.endpoint.ca_pem = ca_.pem();
    config.origin = "test";
    return config;
  }
  std::unique_ptr<ConfigSessions> open(ClientConfig config) {
    auto sessions = ConfigSessions::open(std::move(config), clock_);
    if (!sessions) ADD_FAILURE() << sessions.error().toString();
    return sessions ? std::move(*sessions) : nullptr;
  }
  static std::shared_ptr<const Session> sessionOf(ConfigSessions& sessions) {
    auto session = sessions.session({});
    if (!session) ADD_FAILURE() << session.error().toString();
    return session ? *session : nullptr;
  }
  static std::string credential(const std::string& token, const std::string& expires = "") {
    return R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{)"
           R"("token":")" +
           token + "\"" + (expires.empty() ? "" : R"(,"expirationTimestamp":")" + expires + "\"") +
           "}}";
  }
  ClientConfig execConfig(const std::string& script) {
    ClientConfig with = config();
    with.exec.emplace();
    with.exec->api_version = "client.authentication.k8s.io/v1";
    with.exec->command = folder_.script("plugin", script);
    with.exec->interactive = ExecPlugin::Interactive::kNever;
    return with;
  }
};

TEST_F(SessionsTest, ATokenFileIsReadAgainAfterFiftySeconds) {
  ClientConfig with = config();
  with.token_file = folder_.write("token", " one \n");
  const auto sessions = open(with);
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer one");
  folder_.write("token", "two");
  clock_.advance(seconds(49));
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer one");
  clock_.advance(seconds(2));
  const auto session = sessionOf(*sessions);
  EXPECT_EQ(authorizationOf(*session), "Bearer two");
  EXPECT_FALSE(session->replaced.stop_requested()) << "a token is no reason to reconnect";
}

TEST_F(SessionsTest, ARefusedTokenIsReadAgainUnlessItIsNewerThanTheRequest) {
  ClientConfig with = config();
  with.token_file = folder_.write("token", "one");
  const auto sessions = open(with);
  clock_.advance(seconds(1));
  const base::SteadyTime started = clock_.now();
  folder_.write("token", "two");
  clock_.advance(seconds(1));
  sessions->unauthorized(started);
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer two");
  // A second refusal of a request that was under way since before the re-read changes nothing.
  folder_.write("token", "three");
  sessions->unauthorized(started);
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer two");
}

TEST_F(SessionsTest, ATokenFileThatVanishesOrEmptiesKeepsTheOldToken) {
  ClientConfig with = config();
  with.token_file = folder_.write("token", "one");
  const auto sessions = open(with);
  folder_.remove("token");
  clock_.advance(seconds(51));
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer one");
  folder_.write("token", "\n");
  clock_.advance(seconds(51));
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer one");
  folder_.write("token", "bad\nHeader: x");
  clock_.advance(seconds(51));
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer one");
  folder_.write("token", "two");
  clock_.advance(seconds(6));
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer two")
      << "failures are tried again soon";
}

TEST_F(SessionsTest, WhatIsMissingAtTheStartIsAnError) {
  ClientConfig with = config();
  with.token_file = folder_.path("none");
  EXPECT_FALSE(ConfigSessions::open(with, clock_));
  with.token = "inline";
  EXPECT_TRUE(ConfigSessions::open(with, clock_)) << "an inline token stands in";
  for (const char* file : {"ca", "cert"}) {
    ClientConfig broken = config();
    broken.endpoint.ca_pem.clear();
    (std::string(file) == "ca" ? broken.ca_file : broken.client_cert_file) = folder_.path("none");
    const auto sessions = ConfigSessions::open(broken, clock_);
    ASSERT_FALSE(sessions);
    EXPECT_THAT(sessions.error().message(), HasSubstr("none"));
  }
}

TEST_F(SessionsTest, HeadersSayWhoWeAreButNeverOverPlainHttp) {
  ClientConfig with = config();
  with.username = "u";
  with.password = "p";
  with.impersonate.user = "jane";
  with.impersonate.uid = "7";
  with.impersonate.groups = {"a", "b"};
  with.impersonate.extra = {{"example.com/Scope%", {"view"}}};
  const auto session = sessionOf(*open(with));
  EXPECT_THAT(
      session->headers,
      ::testing::ElementsAre(Header("Authorization", "Basic dTpw"),
                             Header("Impersonate-User", "jane"), Header("Impersonate-Uid", "7"),
                             Header("Impersonate-Group", "a"), Header("Impersonate-Group", "b"),
                             Header("Impersonate-Extra-example.com%2FScope%25", "view")));
  with.endpoint.scheme = "http";
  with.impersonate = {};
  with.token_file = folder_.path("none");
  with.exec.emplace();
  with.exec->command = "/no/such/plugin";
  EXPECT_TRUE(sessionOf(*open(with))->headers.empty()) << "nor is anything asked for them";
  with.impersonate.user = "jane\r\nX: y";
  EXPECT_FALSE(ConfigSessions::open(with, clock_));
}

TEST_F(SessionsTest, SeveralGroupsReachTheServerAsSeveralHeaders) {
  testing::ServerOptions options;
  options.tls = ca_.server({"127.0.0.1"});
  ScriptedServer server(options);
  server.onRequest(answerJson(200, "{}"));
  ClientConfig with = config();
  with.endpoint.port = server.portText();
  with.impersonate.user = "jane";
  with.impersonate.groups = {"a", "b"};
  const auto session = sessionOf(*open(with));
  HttpRequest request;
  request.target = "/";
  request.headers = session->headers;
  ASSERT_TRUE(session->calls->send(request, seconds(20), {}));
  EXPECT_EQ(server.requests().at(0).headerCount("impersonate-group"), 2);
}

TEST_F(SessionsTest, ARotatedAuthorityMakesNewConnectionsAndABrokenOneIsIgnored) {
  testing::ServerOptions options;
  options.tls = ca_.server({"127.0.0.1"});
  ScriptedServer server(options);
  server.onRequest(answerJson(200, "{}"));
  ClientConfig with = config();
  with.endpoint.port = server.portText();
  with.endpoint.ca_pem.clear();
  with.ca_file = folder_.write("ca.crt", ca_.pem());
  const auto sessions = open(with);
  HttpRequest request;
  request.target = "/";
  const auto reaches = [&](const Session& session) {
    return session.calls->send(request, seconds(20), {}).has_value() &&
           session.fast->send(request, seconds(20), {}).has_value();
  };
  const auto first = sessionOf(*sessions);
  EXPECT_TRUE(reaches(*first));

  folder_.write("ca.crt", "half written");
  clock_.advance(seconds(61));
  EXPECT_EQ(sessionOf(*sessions)->calls, first->calls);
  EXPECT_TRUE(reaches(*sessionOf(*sessions)));

  const TestAuthority next("next-ca");
  server.rotate(next.server({"127.0.0.1"}));
  folder_.write("ca.crt", ca_.pem() + next.pem());
  clock_.advance(seconds(61));
  const auto second = sessionOf(*sessions);
  EXPECT_NE(second->calls, first->calls);
  EXPECT_TRUE(first->replaced.stop_requested()) << "streams of the old generation end";
  EXPECT_FALSE(second->replaced.stop_requested());
  EXPECT_TRUE(reaches(*second));
  EXPECT_EQ(sessionOf(*sessions), second) << "no change, no new session";
}

TEST_F(SessionsTest, ARotatedClientCertificateIsUsedByNewConnections) {
  testing::ServerOptions options;
  options.tls = ca_.server({"127.0.0.1"});
  options.client_ca_pem = ca_.pem();
  ScriptedServer server(options);
  server.onRequest(answerJson(200, "{}"));
  ClientConfig with = config();
  with.endpoint.port = server.portText();
  const testing::TestCertificate one = ca_.client("one");
  const testing::TestCertificate two = ca_.client("two");
  with.client_cert_file = folder_.write("tls.crt", one.cert_pem);
  with.client_key_file = folder_.write("tls.key", one.key_pem);
  const auto sessions = open(with);
  HttpRequest request;
  request.target = "/";
  ASSERT_TRUE(sessionOf(*sessions)->calls->send(request, seconds(20), {}));
  EXPECT_EQ(server.requests().back().client, "one");
  // Only one of the two files is new yet: the pair does not match and the old one stays.
  folder_.write("tls.crt", two.cert_pem);
  clock_.advance(seconds(61));
  ASSERT_TRUE(sessionOf(*sessions)->calls->send(request, seconds(20), {}));
  EXPECT_EQ(server.requests().back().client, "one");
  folder_.write("tls.key", two.key_pem);
  clock_.advance(seconds(6));
  ASSERT_TRUE(sessionOf(*sessions)->calls->send(request, seconds(20), {}));
  EXPECT_EQ(server.requests().back().client, "two");
}

TEST_F(SessionsTest, APluginIsAskedOnceAndAgainBeforeItsTokenExpires) {
  // ManualClock starts at 2023-11-14T22:13:20Z.
  ClientConfig with =
      execConfig("echo run >> " + folder_.path("runs") + "\ncat " + folder_.path("answer"));
  folder_.write("answer", credential("one", "2023-11-14T22:23:20Z"));
  const auto sessions = open(with);
  const auto runs = [&] {
    const auto text = readFile(folder_.path("runs"));
    return text ? text->size() / 4 : 0;
  };
  EXPECT_EQ(runs(), 0U) << "not before it is needed";
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer one");
  clock_.advance(seconds(500));
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer one");
  EXPECT_EQ(runs(), 1U);
  folder_.write("answer", credential("two"));
  clock_.advance(seconds(41));
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer two") << "60 s before it expires";
  clock_.advance(seconds(100000));
  (void)sessionOf(*sessions);
  EXPECT_EQ(runs(), 2U) << "no expiry: good until refused";
  folder_.write("answer", credential("three"));
  const base::SteadyTime started = clock_.now();
  clock_.advance(seconds(1));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      sessions->unauthorized(started);
      EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer three");
    });
  }
  threads.clear();
  EXPECT_EQ(runs(), 3U) << "one run for all who were refused";
}

TEST_F(SessionsTest, WhoeverWasRefusedWaitsForTheRunThatAnotherBegan) {
  ClientConfig with =
      execConfig("echo run >> " + folder_.path("runs") + "\nwhile [ ! -e " + folder_.path("go") +
                 " ]; do sleep 0.01; done\ncat " + folder_.path("answer"));
  folder_.write("go", "");
  folder_.write("answer", credential("old"));
  const auto sessions = open(with);
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer old");
  folder_.remove("go");
  folder_.write("answer", credential("new"));
  clock_.advance(seconds(10));  // a plugin is not run again at once
  const base::SteadyTime started = clock_.now();
  clock_.advance(seconds(1));
  // Two requests came back with 401 before either asked for a new session.
  sessions->unauthorized(started);
  sessions->unauthorized(started);
  const auto ask = [&] { return authorizationOf(*sessionOf(*sessions)); };
  auto first = std::async(std::launch::async, ask);
  ASSERT_TRUE(testing::waitFor([&] { return readFile(folder_.path("runs"))->size() == 8; },
                               seconds(20), std::chrono::milliseconds(5)));
  auto second = std::async(std::launch::async, ask);
  EXPECT_EQ(second.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout)
      << "got the credential that was refused";
  folder_.write("go", "");
  EXPECT_EQ(first.get(), "Bearer new");
  EXPECT_EQ(second.get(), "Bearer new");
}

TEST_F(SessionsTest, APluginThatFailsIsAnErrorOnceItsTokenIsGoneAndIsNotRunForEveryRequest) {
  ClientConfig with =
      execConfig("echo run >> " + folder_.path("runs") + "\ncat " + folder_.path("answer"));
  folder_.write("answer", credential("one", "2023-11-14T22:23:20Z"));
  const auto sessions = open(with);
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer one");
  folder_.remove("answer");
  clock_.advance(seconds(545));
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer one") << "still good for a minute";
  clock_.advance(seconds(60));
  const auto session = sessions->session({});
  ASSERT_FALSE(session);
  EXPECT_THAT(session.error().message(), HasSubstr("failed with status 1"));
  const auto before = readFile(folder_.path("runs"))->size();
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(sessions->session({}));
  EXPECT_EQ(readFile(folder_.path("runs"))->size(), before);
  folder_.write("answer", credential("two"));
  clock_.advance(seconds(6));
  EXPECT_EQ(authorizationOf(*sessionOf(*sessions)), "Bearer two");
}

TEST_F(SessionsTest, APluginMayGiveACertificateAndANewOneReconnects) {
  testing::ServerOptions options;
  options.tls = ca_.server({"127.0.0.1"});
  options.client_ca_pem = ca_.pem();
  ScriptedServer server(options);
  server.onRequest(answerJson(200, "{}"));
  const auto answer = [&](const std::string& user) {
    const testing::TestCertificate me = ca_.client(user);
    const auto escaped = [](std::string text) {
      for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
        text.replace(at, 1, "\\n");
      }
      return text;
    };
    folder_.write("answer",
                  R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
                  R"("status":{"expirationTimestamp":"2023-11-14T22:23:20Z",)"
                  R"("clientCertificateData":")" +
                      escaped(me.cert_pem) + R"(","clientKeyData":")" + escaped(me.key_pem) +
                      "\"}}");
  };
  answer("one");
  ClientConfig with = execConfig("cat " + folder_.path("answer"));
  with.endpoint.port = server.portText();
  const auto sessions = open(with);
  HttpRequest request;
  request.target = "/";
  const auto first = sessionOf(*sessions);
  ASSERT_TRUE(first->calls->send(request, seconds(20), {}));
  EXPECT_EQ(server.requests().back().client, "one");
  answer("two");
  clock_.advance(seconds(541));
  const auto second = sessionOf(*sessions);
  EXPECT_TRUE(first->replaced.stop_requested());
  ASSERT_TRUE(second->calls->send(request, seconds(20), {}));
  EXPECT_EQ(server.requests().back().client, "two");
}

}  // namespace
}  // namespace stowage::k8sclient
