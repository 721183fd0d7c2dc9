#include "serving/https_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "testing/http/certificates.h"
#include "unit/serving/fake_reviewer.h"
#include "unit/serving/raw_tls_client.h"

namespace stowage::serving {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kGet = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

class HttpsServerTest : public ::testing::Test {
 protected:
  void start(ServingOptions options = {}) {
    options.bind_address = "127.0.0.1";
    server_ = std::make_unique<HttpsServer>(options, health_, reviewer_, clock_, registry_);
    server_->handle("/metrics", metricsHandler(registry_));
    const base::Status status = server_->start();
    ASSERT_TRUE(status.ok()) << status.toString();
    ASSERT_NE(server_->port(), 0);
  }

  httplib::Result get(const std::string& path, const std::string& token = "") {
    httplib::SSLClient client("127.0.0.1", server_->port());
    client.enable_server_certificate_verification(false);
    httplib::Headers headers;
    if (!token.empty()) headers.emplace("Authorization", "Bearer " + token);
    return client.Get(path, headers);
  }
  int statusOf(const std::string& path, const std::string& token = "") {
    const auto result = get(path, token);
    return result ? result->status : -1;
  }
  // Whether a metric line shows up within ten seconds.
  bool waitForMetric(const std::string& line) {
    const auto deadline = clock_.now() + 10s;
    while (clock_.now() < deadline) {
      if (registry_.render().find(line) != std::string::npos) return true;
      std::this_thread::yield();
    }
    return false;
  }

  MetricsRegistry registry_{"test"};
  HealthRegistry health_;
  FakeReviewer reviewer_;
  base::SystemClock clock_;
  std::unique_ptr<HttpsServer> server_;
};

TEST_F(HttpsServerTest, HealthIsOpenAndTheRestNeedsARight) {
  start();
  const std::tuple<const char*, const char*, int> cases[] = {
      {"/livez", "", 200},         {"/readyz?verbose", "", 200},
      {"/healthz", "bad", 200},    {"/livez/ping", "", 200},
      {"/livez/nope", "", 404},    {"/metrics", "", 401},
      {"/metrics", "nobody", 401}, {"/metrics", "poor", 403},
      {"/metrics", "good", 200},   {"/", "", 401},
      {"/nope", "", 401},          {"/nope", "good", 403},
      {"/livezz", "", 401},        {"/livez/../metrics", "", 404},
      {"/%6detrics", "", 401},     {"/%6detrics", "good", 200},
      {"//metrics", "good", 403},
  };
  for (const auto& [path, token, want] : cases) {
    EXPECT_EQ(statusOf(path, token), want) << path << " as " << token;
  }
}

TEST_F(HttpsServerTest, APutNeedsARightOfItsOwn) {
  reviewer_.allowed = {"/switch", "/readable"};
  reviewer_.may_put = {"/switch", "/metrics"};
  std::string set;
  start();
  server_->handle("/switch", [](const HttpCall&) { return HttpReply{200, "text/plain", "read"}; });
  server_->handlePut("/switch", [&](const HttpCall& call) {
    set = call.body;
    return HttpReply{200, "text/plain", "set"};
  });
  const auto put = [&](const std::string& path, const std::string& token, const std::string& body) {
    httplib::SSLClient client("127.0.0.1", server_->port());
    client.enable_server_certificate_verification(false);
    const auto result =
        client.Put(path, {{"Authorization", "Bearer " + token}}, body, "text/plain");
    return result ? result->status : -1;
  };
  EXPECT_EQ(put("/readable", "good", "1"), 403) << "a right to get is none to put";
  EXPECT_EQ(put("/switch", "poor", "1"), 403);
  EXPECT_EQ(put("/switch", "", "1"), 401);
  EXPECT_EQ(put("/metrics", "good", "1"), 405);
  EXPECT_EQ(put("/livez", "good", "1"), 405);
  EXPECT_EQ(put("/other", "good", "1"), 403);
  EXPECT_EQ(put("/switch", "good", std::string(65, '1')), 413);
  EXPECT_EQ(set, "");
  EXPECT_EQ(put("/switch", "good", "1"), 200);
  EXPECT_EQ(set, "1");
  EXPECT_EQ(statusOf("/switch", "good"), 200);
}

TEST_F(HttpsServerTest, APostNeedsARightOfItsOwnAndBringsALongBody) {
  reviewer_.allowed = {"/act", "/readable"};
  reviewer_.may_post = {"/act", "/readable"};
  ServingOptions options;
  options.limits.post_bytes = 65536;
  start(options);
  server_->handle("/readable", [](const HttpCall&) { return HttpReply{}; });
  server_->handlePost("/act", [](const HttpCall& call) {
    return HttpReply{200, "text/plain", std::to_string(call.body.size())};
  });
  httplib::SSLClient client("127.0.0.1", server_->port());
  client.enable_server_certificate_verification(false);
  const auto post = [&](const std::string& path, const std::string& token, std::size_t bytes) {
    const auto result = client.Post(path, {{"Authorization", "Bearer " + token}},
                                    std::string(bytes, '\n'), "application/json");
    return result ? std::to_string(result->status) + " " + result->body : "none";
  };
  EXPECT_EQ(post("/act", "good", 65536), "200 65536");
  EXPECT_EQ(post("/act", "good", 0), "200 0");
  // Refused before it is sent.
  RawTlsClient large(server_->port());
  ASSERT_TRUE(large.send("POST /act HTTP/1.1\r\nContent-Length: 65537\r\n\r\n"));
  EXPECT_THAT(large.readAll(), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(post("/act", "poor", 1), StartsWith("403"));
  EXPECT_THAT(post("/act", "", 1), StartsWith("401"));
  EXPECT_THAT(post("/readable", "good", 1), StartsWith("405"));
  EXPECT_THAT(post("/livez", "good", 1), StartsWith("405"));
  EXPECT_EQ(statusOf("/act", "good"), 405);
}

TEST_F(HttpsServerTest, WhatIsOpenedIsReadByAnybody) {
  ServingOptions options;
  options.limits.post_bytes = 100;
  start(options);
  server_->handleOpen("/open", [](const HttpCall&) { return HttpReply{}; });
  EXPECT_EQ(statusOf("/open"), 200);
  EXPECT_EQ(statusOf("/open/below"), 401);
  EXPECT_EQ(reviewer_.authentications, 0);
  httplib::SSLClient client("127.0.0.1", server_->port());
  client.enable_server_certificate_verification(false);
  const auto result = client.Post("/open", "x", "text/plain");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 401);
}

TEST_F(HttpsServerTest, ABodyMayComeAfterItsHead) {
  reviewer_.may_put = {"/switch"};
  start();
  server_->handlePut("/switch", [](const HttpCall& call) {
    return HttpReply{200, "text/plain", "set to " + call.body};
  });
  httplib::SSLClient client("127.0.0.1", server_->port());
  client.enable_server_certificate_verification(false);
  // One byte at a time.
  const auto result = client.Put(
      "/switch", {{"Authorization", "Bearer good"}}, 2,
      [](std::size_t offset, std::size_t, httplib::DataSink& sink) {
        return sink.write(&"42"[offset], 1);
      },
      "text/plain");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "set to 42");
}

TEST_F(HttpsServerTest, MetricsComeInTheTextFormatAndCountThemselves) {
  start();
  EXPECT_EQ(statusOf("/livez"), 200);
  const auto result = get("/metrics", "good");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->get_header_value("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(result->body,
              HasSubstr("stowage_serving_requests_total{code=\"200\",handler=\"health\"} 1\n"));
  EXPECT_THAT(result->body, HasSubstr("stowage_build_info{"));
}

TEST_F(HttpsServerTest, MetricsComeAsOpenMetricsAndPackedForThoseWhoAsk) {
  start();
  httplib::SSLClient client("127.0.0.1", server_->port());
  client.enable_server_certificate_verification(false);
  const auto result = client.Get("/metrics", {{"Authorization", "Bearer good"},
                                              {"Accept", "application/openmetrics-text"},
                                              {"Accept-Encoding", "gzip"}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->get_header_value("Content-Type"),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_EQ(result->get_header_value("Content-Encoding"), "gzip");
  EXPECT_THAT(result->body, HasSubstr("# TYPE stowage_metrics_dropped counter\n"));
  EXPECT_THAT(result->body, EndsWith("\n# EOF\n"));
}

TEST_F(HttpsServerTest, APathWithARightButNoHandlerIsNotFound) {
  reviewer_.allowed = {"/nothing"};
  start();
  EXPECT_EQ(statusOf("/nothing", "good"), 404);
}

TEST_F(HttpsServerTest, FailingChecksAreShown) {
  health_.add("caches", HealthGroup::kReadyz,
              [] { return base::Status(base::Code::kUnavailable, "x"); });
  start();
  const auto result = get("/readyz");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 500);
  EXPECT_EQ(result->body, "[+]ping ok\n[-]caches failed: reason withheld\nreadyz check failed\n");
  EXPECT_EQ(get("/readyz?verbose&exclude=caches")->status, 200);
}

TEST_F(HttpsServerTest, FailsClosedWhenNobodyCanBeAsked) {
  reviewer_.broken = true;
  start();
  EXPECT_EQ(statusOf("/metrics", "good"), 503);
  EXPECT_EQ(statusOf("/livez"), 200);
}

TEST_F(HttpsServerTest, AHandlerMayBeAddedLater) {
  reviewer_.allowed.insert("/configz");
  start();
  EXPECT_EQ(statusOf("/configz", "good"), 404);
  server_->handle("/configz",
                  [](const HttpCall&) { return HttpReply{200, "application/yaml", "a: 1\n", {}}; });
  const auto result = get("/configz", "good");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->body, "a: 1\n");
  EXPECT_EQ(result->get_header_value("Content-Type"), "application/yaml");
}

TEST_F(HttpsServerTest, ATakenPortIsOneLineThatNamesPortAndFlag) {
  start();
  ServingOptions options;
  options.bind_address = "127.0.0.1";
  options.port = server_->port();
  HttpsServer second(options, health_, reviewer_, clock_, base::nullMetricSink());
  const base::Status status = second.start();
  EXPECT_EQ(status.message(),
            fmt::format("cannot listen on 127.0.0.1:{}: Address already in use; another process "
                        "has this port; stop it or choose another with --secure-port",
                        server_->port()));
}

TEST_F(HttpsServerTest, AProgramWithOtherFlagsIsToldOfThose) {
  start();
  ServingOptions options;
  options.bind_address = "127.0.0.1";
  options.port = server_->port();
  options.flags = {"--listen", "--listen"};
  HttpsServer second(options, health_, reviewer_, clock_, base::nullMetricSink());
  EXPECT_THAT(second.start().message(), EndsWith("choose another with --listen"));
  options.bind_address = "localhost.";
  HttpsServer third(options, health_, reviewer_, clock_, base::nullMetricSink());
  EXPECT_THAT(third.start().message(), StartsWith("--listen localhost. is not an IP address"));
}

TEST_F(HttpsServerTest, AnAddressThatIsNoneIsNamed) {
  HttpsServer server({.bind_address = "localhost."}, health_, reviewer_, clock_,
                     base::nullMetricSink());
  EXPECT_THAT(server.start().message(),
              StartsWith("--bind-address localhost. is not an IP address"));
}

TEST_F(HttpsServerTest, OldTlsIsRefused) {
  start();
  EXPECT_FALSE(RawTlsClient(server_->port(), true, TLS1_1_VERSION).connected());
  RawTlsClient modern(server_->port(), true, TLS1_2_VERSION);
  ASSERT_TRUE(modern.connected());
  EXPECT_EQ(modern.negotiated(), "TLSv1.2");
  ASSERT_TRUE(modern.send(kGet));
  EXPECT_THAT(modern.readAll(), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_EQ(RawTlsClient(server_->port()).negotiated(), "TLSv1.3");
}

TEST_F(HttpsServerTest, Tls13CanBeRequired) {
  start({.tls13_only = true});
  EXPECT_FALSE(RawTlsClient(server_->port(), true, TLS1_2_VERSION).connected());
  EXPECT_EQ(statusOf("/livez"), 200);
}

TEST_F(HttpsServerTest, PlainTextIsNotAnswered) {
  start();
  RawTlsClient plain(server_->port(), false);
  ASSERT_TRUE(plain.send(kGet));
  EXPECT_THAT(plain.readAll(), ::testing::Not(HasSubstr("HTTP/1.1 200")));
  EXPECT_TRUE(plain.closedByServer());
}

TEST_F(HttpsServerTest, ARequestMayComeInPieces) {
  start();
  RawTlsClient client(server_->port());
  for (const char* piece = kGet; *piece != '\0'; ++piece) {
    ASSERT_TRUE(client.send(std::string_view(piece, 1)));
  }
  EXPECT_THAT(client.readAll(), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(HttpsServerTest, AHeadWithoutEndIsRefused) {
  start();
  RawTlsClient client(server_->port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nA: " + std::string(16384, 'x')));
  EXPECT_THAT(client.readAll(), StartsWith("HTTP/1.1 431 "));
}

// Many clients that send nothing, or half a request, while others are served.
TEST_F(HttpsServerTest, SlowClientsHoldNobodyUpAndAreClosed) {
  ServingOptions options;
  options.limits.request_time = 2s;
  options.limits.workers = 1;
  start(options);
  std::vector<std::unique_ptr<RawTlsClient>> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(std::make_unique<RawTlsClient>(server_->port(), i % 2 == 0));
    slow.back()->send(i % 2 == 0 ? "GET /livez HTTP/1.1\r\nA: " : "\x16\x03\x01");
  }
  EXPECT_EQ(statusOf("/livez"), 200);
  for (auto& client : slow) {
    EXPECT_EQ(client->readAll(), "");
    EXPECT_TRUE(client->closedByServer());
  }
  // Counted just after the close that the client saw.
  EXPECT_TRUE(waitForMetric("stowage_serving_connections_dropped_total{reason=\"late\"} 20\n"));
}

TEST_F(HttpsServerTest, WithTooManyConnectionsTheOldestUnfinishedOneGoes) {
  ServingOptions options;
  options.limits.open_connections = 3;
  start(options);
  std::vector<std::unique_ptr<RawTlsClient>> idle;
  for (int i = 0; i < 6; ++i) idle.push_back(std::make_unique<RawTlsClient>(server_->port()));
  EXPECT_TRUE(waitForMetric("stowage_serving_connections_dropped_total{reason=\"evicted\"} 3\n"));
  EXPECT_EQ(statusOf("/livez"), 200);
  EXPECT_EQ(idle[0]->readAll(), "");
  EXPECT_TRUE(idle[0]->closedByServer());
}

TEST_F(HttpsServerTest, ReviewsThatHangLeaveHealthAlone) {
  start();
  reviewer_.hold();
  std::vector<std::thread> scrapers;
  for (int i = 0; i < 4; ++i) {
    scrapers.emplace_back([this, i] { statusOf("/metrics", fmt::format("token{}", i)); });
  }
  ASSERT_TRUE(reviewer_.waitForHeld(4));
  EXPECT_EQ(statusOf("/livez"), 200);
  EXPECT_EQ(statusOf("/metrics", "good"), 503);
  reviewer_.release();
  for (auto& scraper : scrapers) scraper.join();
  EXPECT_EQ(statusOf("/metrics", "good"), 200);
}

TEST_F(HttpsServerTest, StopsWithinASecondWhateverIsUnderWay) {
  start();
  reviewer_.hold();
  RawTlsClient idle(server_->port());
  RawTlsClient half(server_->port());
  half.send("GET /");
  std::thread scraper([this] { statusOf("/metrics", "good"); });
  ASSERT_TRUE(reviewer_.waitForHeld(1));
  const auto before = clock_.now();
  server_->stop();
  // Not for the client: its time to take the answer is 30 s, its request never ends.
  EXPECT_LT(clock_.now() - before, 10s);
  scraper.join();
  server_->stop();
  EXPECT_FALSE(RawTlsClient(server_->port(), false).connected());
}

TEST_F(HttpsServerTest, AClientThatDoesNotReadDoesNotHoldUpTheStop) {
  reviewer_.allowed.insert("/big");
  start();
  server_->handle("/big", [](const HttpCall&) {
    HttpReply reply;
    reply.body = std::string(64U << 20, 'x');
    return reply;
  });
  RawTlsClient lazy(server_->port());
  ASSERT_TRUE(lazy.send("GET /big HTTP/1.1\r\nAuthorization: Bearer good\r\n\r\n"));
  ASSERT_TRUE(waitForMetric("stowage_serving_requests_total{code=\"200\",handler=\"/big\"} 1\n"));
  const auto before = clock_.now();
  server_->stop();
  // Not for the client: its time to take the answer is 30 s, its request never ends.
  EXPECT_LT(clock_.now() - before, 10s);
}

TEST_F(HttpsServerTest, AChangedCertificateIsShownToNewConnections) {
  std::string folder = ::testing::TempDir() + "stowage-https-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const testing::TestAuthority authority;
  const auto write = [&] {
    const testing::TestCertificate pair = authority.server({"localhost"});
    std::ofstream(folder + "/tls.crt") << pair.cert_pem;
    std::ofstream(folder + "/tls.key") << pair.key_pem;
  };
  write();
  ServingOptions options;
  options.tls_cert_file = folder + "/tls.crt";
  options.tls_key_file = folder + "/tls.key";
  options.limits.certificate_check = 20ms;
  start(options);
  const std::string first = RawTlsClient(server_->port()).serverSerial();
  write();
  const auto deadline = clock_.now() + 10s;
  std::string later = first;
  while (later == first && clock_.now() < deadline) {
    later = RawTlsClient(server_->port()).serverSerial();
  }
  EXPECT_NE(later, first);
  std::filesystem::remove_all(folder);
}

TEST_F(HttpsServerTest, ManyClientsAtOnceAreAllAnswered) {
  start();
  std::atomic<int> answered = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int n = 0; n < 5; ++n)
        if (statusOf("/metrics", "good") == 200) ++answered;
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, 40);
}

}  // namespace
}  // namespace stowage::serving
