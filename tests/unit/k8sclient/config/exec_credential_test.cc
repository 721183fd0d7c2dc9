// Credential plugins: what they are told, what is accepted from them, and how they are held in
// check.
#include "k8sclient/config/exec_credential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "unit/k8sclient/config/temp_folder.h"

namespace stowage::k8sclient {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kV1 = "client.authentication.k8s.io/v1";

std::string credential(const std::string& status) {
  return std::string(R"({"kind":"ExecCredential","apiVersion":")") + kV1 + R"(","status":)" +
         status + "}";
}

TEST(ExecCredentialTest, ATokenACertificateOrBothAreAccepted) {
  const auto token = parseExecCredential(
      credential(R"({"token":"t","expirationTimestamp":"2023-11-14T22:13:20Z"})"), kV1);
  ASSERT_TRUE(token) << token.error().message();
  EXPECT_EQ(token->token, "t");
  EXPECT_EQ(*token->expires, base::WallTime(seconds(1'700'000'000)));
  const auto both = parseExecCredential(
      credential(R"({"token":"t","clientCertificateData":"c","clientKeyData":"k"})"), kV1);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->client_key_pem, "k");
  EXPECT_FALSE(both->expires);
}

TEST(ExecCredentialTest, EverythingElseIsNamedWithoutShowingIt) {
  struct Case {
    std::string output;
    const char* want;
  };
  for (const Case& c : std::vector<Case>{
           {"", "not JSON"},
           {"SECRET", "not JSON"},
           {"[]", "not JSON"},
           {"{}", "not an ExecCredential"},
           {R"({"kind":"ExecCredential","apiVersion":"v2","status":{"token":"SECRET"}})", "\"v2\""},
           {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"})",
            "no status"},
           {credential("{}"), "neither"},
           {credential(R"({"token":3})"), "neither"},
           {credential(R"({"token":"SECRET","clientKeyData":"SECRET"})"), "together"},
           {credential(R"({"token":"SECRET","expirationTimestamp":"soon"})"), "RFC 3339"},
           {credential(R"({"token":"SECRET","expirationTimestamp":5})"), "RFC 3339"},
           {std::string(100000, '['), "not JSON"},
           {std::string(100, '[') + std::string(100, ']'), "not JSON"}}) {
    const auto parsed = parseExecCredential(c.output, kV1);
    ASSERT_FALSE(parsed) << c.output.substr(0, 80);
    EXPECT_THAT(parsed.error().message(), HasSubstr(c.want)) << c.output.substr(0, 80);
    EXPECT_THAT(parsed.error().message(), ::testing::Not(HasSubstr("SECRET")));
  }
}

TEST(ExecCredentialTest, ThePluginIsToldAboutTheClusterOnlyWhenItAsks) {
  ExecPlugin plugin;
  plugin.api_version = kV1;
  Endpoint endpoint;
  endpoint.host = "fd00::1";
  endpoint.port = "6443";
  endpoint.path_prefix = "/p";
  endpoint.ca_pem = "CA";
  endpoint.tls_server_name = "kubernetes";
  EXPECT_EQ(execInfo(plugin, endpoint, false),
            R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
            R"("spec":{"interactive":false}})");
  plugin.provide_cluster_info = true;
  plugin.cluster_config_json = R"({"a":1})";
  EXPECT_EQ(execInfo(plugin, endpoint, true),
            R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
            R"("spec":{"interactive":true,"cluster":{"server":"https://[fd00::1]:6443/p",)"
            R"("tls-server-name":"kubernetes","certificate-authority-data":"Q0E=",)"
            R"("config":{"a":1}}}})");
}

class RunExecTest : public ::testing::Test {
 protected:
  TempFolder folder_;

  base::Result<ExecCredential> run(const std::string& script, const ExecLimits& limits = {},
                                   const std::stop_token& stop = {}) {
    ExecPlugin plugin;
    plugin.api_version = kV1;
    plugin.interactive = ExecPlugin::Interactive::kNever;
    plugin.command = folder_.script("plugin", script);
    plugin.args = {"a b", "$HOME"};
    plugin.env = {{"EXTRA", "extra"}};
    return runExecPlugin(plugin, Endpoint{}, limits, stop);
  }
};

TEST_F(RunExecTest, ArgumentsEnvironmentAndTheTaskReachThePlugin) {
  const auto got =
      run(R"(printf '%s|%s|%s|%s' "$1" "$2" "$EXTRA" "$KUBERNETES_EXEC_INFO" > )" +
          folder_.path("seen") + "\ncat <<'END'\n" + credential(R"({"token":"t"})") + "\nEND\n");
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->token, "t");
  const auto seen = readFile(folder_.path("seen"));
  ASSERT_TRUE(seen);
  EXPECT_THAT(*seen, ::testing::StartsWith("a b|$HOME|extra|{\"kind\":\"ExecCredential\""));
}

TEST_F(RunExecTest, APluginThatHangsIsKilledWithItsChildren) {
  const auto start = std::chrono::steady_clock::now();
  const auto got = run("sleep 600 &\nsleep 600\n", {.timeout = milliseconds(200)});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), base::Code::kTimeout);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(10));
}

TEST_F(RunExecTest, AGrandchildThatKeepsTheOutputOpenDoesNotHoldUsBeyondTheLimit) {
  const auto got = run("sleep 600 &\nexit 0\n", {.timeout = milliseconds(200)});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), base::Code::kTimeout);
}

TEST_F(RunExecTest, EndlessOutputIsCutOff) {
  const auto got = run("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done\n",
                       {.max_output = 10'000});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), base::Code::kResourceExhausted);
}

TEST_F(RunExecTest, StoppingEndsAPluginThatRuns) {
  std::stop_source stop;
  auto result = std::async(std::launch::async,
                           [&] { return run("sleep 600\n", ExecLimits(), stop.get_token()); });
  stop.request_stop();
  const auto got = result.get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), base::Code::kCancelled);
}

TEST_F(RunExecTest, FailuresSayWhatHappened) {
  EXPECT_THAT(run("exit 3\n").error().message(), HasSubstr("status 3"));
  EXPECT_THAT(run("kill -9 $$\n").error().message(), HasSubstr("signal 9"));
  ExecPlugin missing;
  missing.api_version = kV1;
  missing.command = folder_.path("none");
  missing.install_hint = "install it with: x";
  const auto got = runExecPlugin(missing, Endpoint{}, {}, {});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), base::Code::kNotFound);
  EXPECT_THAT(got.error().message(), HasSubstr("install it with: x"));
  ExecPlugin always = missing;
  always.interactive = ExecPlugin::Interactive::kAlways;
  EXPECT_FALSE(runExecPlugin(always, Endpoint{}, {}, {}));
}

}  // namespace
}  // namespace stowage::k8sclient
