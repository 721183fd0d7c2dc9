// The connection to one extender: who is trusted, what is kept open, what is counted.
#include "cmd/scheduler/extender_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "k8sclient/config/base64.h"
#include "testing/http/certificates.h"
#include "testing/http/scripted_server.h"
#include "testing/scheduling/recording_metric_sink.h"

namespace stowage::scheduler_cmd {
namespace {

using testing::answerJson;
using ::testing::HasSubstr;
using testing::ScriptedServer;

base::Result<std::unique_ptr<ExtenderClient>> openThird(
    const config::ExtenderConfig& config, base::MetricSink& metrics = base::nullMetricSink()) {
  static base::SystemClock clock;
  return ExtenderClient::open(config, "extenders[3]", clock, metrics);
}

class ExtenderTlsTest : public ::testing::Test {
 protected:
  ExtenderTlsTest() {
    testing::ServerOptions options;
    options.tls = ca_.server({"gpu.test"});
    options.client_ca_pem = client_ca_.pem();
    server_ = std::make_unique<ScriptedServer>(options);
    server_->onRequest(answerJson(200, "{}"));
    config_.url_prefix = server_->url();
    config_.enable_https = true;
    const auto identity = client_ca_.client("stowage");
    config_.tls.cert_data = k8sclient::encodeBase64(identity.cert_pem);
    config_.tls.key_data = k8sclient::encodeBase64(identity.key_pem);
  }
  tl::expected<std::string, ExtenderClient::Failure> post() {
    auto client = openThird(config_);
    EXPECT_TRUE(client.has_value()) << client.error().message();
    return (*client)->post("filter", "{}", {});
  }
  const testing::TestAuthority ca_;
  const testing::TestAuthority client_ca_{"client-ca"};
  std::unique_ptr<ScriptedServer> server_;
  config::ExtenderConfig config_;
};

TEST_F(ExtenderTlsTest, TheCaTheNameAndTheClientsCertificateAreUsed) {
  config_.tls.ca_data = k8sclient::encodeBase64(ca_.pem());
  config_.tls.server_name = "gpu.test";
  EXPECT_TRUE(post().has_value());
  const auto request = server_->requests().at(0);
  EXPECT_EQ(request.client, "stowage");
  EXPECT_EQ(request.sni, "gpu.test");
}

TEST_F(ExtenderTlsTest, AnotherCaOrAnotherNameIsRefused) {
  const testing::TestAuthority other("other");
  config_.tls.server_name = "gpu.test";
  config_.tls.ca_data = k8sclient::encodeBase64(other.pem());
  ASSERT_FALSE(post().has_value());
  config_.tls.ca_data = k8sclient::encodeBase64(ca_.pem());
  config_.tls.server_name = "evil.test";
  ASSERT_FALSE(post().has_value());
  EXPECT_FALSE(post().error().unanswered);
  EXPECT_EQ(server_->requestCount(), 0U);
}

TEST_F(ExtenderTlsTest, EnableHttpsWithoutACaTrustsAnybodyAsUpstream) {
  EXPECT_TRUE(post().has_value());
  config_.enable_https = false;  // then the system's authorities decide
  EXPECT_FALSE(post().has_value());
}

TEST_F(ExtenderTlsTest, InsecureTrustsAnybodyAndAHostIsItsOwnName) {
  config_.enable_https = false;
  config_.tls.insecure = true;
  EXPECT_TRUE(post().has_value());
  config_.tls.insecure = false;
  config_.tls.ca_data = k8sclient::encodeBase64(ca_.pem());
  EXPECT_FALSE(post().has_value()) << "the certificate is for gpu.test, not for this address";
}

TEST_F(ExtenderTlsTest, AServerThatWantsACertificateGetsNoneByItself) {
  config_.tls.cert_data.clear();
  config_.tls.key_data.clear();
  EXPECT_FALSE(post().has_value());
}

TEST(ExtenderClientTest, CallsAreCountedByStatus) {
  ScriptedServer server;
  config::ExtenderConfig config;
  config.url_prefix = server.url();
  testing::RecordingMetricSink metrics;
  auto client = openThird(config, metrics);
  ASSERT_TRUE(client.has_value());
  server.enqueue(answerJson(200, "{}"));
  server.enqueue(answerJson(503, "{}"));
  server.enqueue(testing::closeWithoutAnswer());
  for (int i = 0; i < 3; ++i) (void)(*client)->post("filter", "{}", {});
  const std::string labels = "extender=" + config.url_prefix + ",verb=filter";
  for (const char* code : {"200", "503", "<error>"}) {
    EXPECT_EQ(metrics.value("stowage_extender_requests_total", labels + ",code=" + code), 1)
        << code;
  }
  EXPECT_EQ(metrics.value("stowage_extender_request_duration_seconds", labels), 3);
}

TEST(ExtenderClientTest, AnswersAreBounded) {
  ScriptedServer server;
  server.onRequest(answerJson(200, std::string(std::size_t{17} << 20, ' ')));
  config::ExtenderConfig config;
  config.url_prefix = server.url();
  for (const bool names_only : {false, true}) {
    config.node_cache_capable = names_only;
    auto client = openThird(config);
    ASSERT_TRUE(client.has_value());
    EXPECT_EQ((*client)->post("filter", "{}", {}).has_value(), !names_only);
  }
}

TEST(ExtenderClientTest, ConnectionsAreKept) {
  ScriptedServer server;
  server.onRequest(answerJson(200, "{}"));
  config::ExtenderConfig config;
  config.url_prefix = server.url();
  auto client = openThird(config);
  ASSERT_TRUE(client.has_value());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE((*client)->post("filter", "{}", {}).has_value());
  EXPECT_EQ(server.connectionCount(), 1);
}

TEST(ExtenderClientTest, WhatTheConfigurationNamesIsOpenedAtTheStart) {
  config::ExtenderConfig config;
  config.url_prefix = "https://gpu";
  config.tls.ca_file = "/nowhere/ca.pem";
  const auto missing = openThird(config);
  ASSERT_FALSE(missing.has_value());
  EXPECT_THAT(missing.error().message(), HasSubstr("extenders[3].tlsConfig.caFile: "));
  config.tls = {};
  config.tls.cert_data = "!";
  const auto garbled = openThird(config);
  ASSERT_FALSE(garbled.has_value());
  EXPECT_THAT(garbled.error().message(), HasSubstr("extenders[3].tlsConfig.certData: "));
  config.tls = {};
  config.url_prefix = "http://user:secret@gpu";
  const auto url = openThird(config);
  ASSERT_FALSE(url.has_value());
  EXPECT_THAT(url.error().message(), HasSubstr("extenders[3].urlPrefix: "));
}

}  // namespace
}  // namespace stowage::scheduler_cmd
