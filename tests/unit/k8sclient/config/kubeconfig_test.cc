// The merge of kubeconfig files, what a context leads to, and what is refused with which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "k8sclient/config/base64.h"
#include "k8sclient/config/client_config.h"
#include "k8sclient/transport/server_url.h"
#include "unit/k8sclient/config/temp_folder.h"

namespace stowage::k8sclient {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Environment environmentOf(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

// A file with one cluster, user and context, all called `name`.
std::string fileOf(const std::string& name, const std::string& cluster, const std::string& user,
                   bool current = true) {
  return "apiVersion: v1\nkind: Config\n" + (current ? "current-context: " + name + "\n" : "") +
         "clusters: [{name: " + name + ", cluster: {" + cluster + "}}]\n" +
         "users: [{name: " + name + ", user: {" + user + "}}]\n" + "contexts: [{name: " + name +
         ", context: {cluster: " + name + ", user: " + name + "}}]\n";
}

class KubeconfigTest : public ::testing::Test {
 protected:
  TempFolder folder_;

  base::Result<ClientConfig> load(const std::string& text) {
    return loadKubeconfig({folder_.write("config", text)}, true);
  }
  std::string errorOf(const std::string& cluster, const std::string& user) {
    const auto config = load(fileOf("a", cluster, user));
    return config ? "no error" : config.error().message();
  }
};

TEST_F(KubeconfigTest, AContextGivesServerUserAndNamespace) {
  const auto config = load(R"(
apiVersion: v1
kind: Config
preferences: {}
unknown-key: ignored
current-context: admin@test
contexts:
- name: admin@test
  context: {cluster: test, user: admin, namespace: team-a}
clusters:
- name: test
  cluster:
    server: https://10.0.0.1:6443/prefix/
    certificate-authority-data: Q0E=
    tls-server-name: kubernetes
    proxy-url: http://proxy:3128
users:
- name: admin
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZ
    token: secret
    as: jane
    as-uid: "7"
    as-groups: [a, b]
    as-user-extra: {scopes: [view, "x y"]}
)");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->ns, "team-a");
  EXPECT_EQ(config->endpoint.scheme, "https");
  EXPECT_EQ(config->endpoint.host, "10.0.0.1");
  EXPECT_EQ(config->endpoint.port, "6443");
  EXPECT_EQ(config->endpoint.path_prefix, "/prefix");
  EXPECT_EQ(config->endpoint.tls_server_name, "kubernetes");
  EXPECT_EQ(config->endpoint.proxy_url, "http://proxy:3128");
  EXPECT_EQ(config->endpoint.ca_pem, "CA");
  EXPECT_EQ(config->endpoint.client_cert_pem, "CERT");
  EXPECT_EQ(config->endpoint.client_key_pem, "KEY");
  EXPECT_EQ(config->token, "secret");
  EXPECT_EQ(config->impersonate.user, "jane");
  EXPECT_EQ(config->impersonate.uid, "7");
  EXPECT_THAT(config->impersonate.groups, ::testing::ElementsAre("a", "b"));
  ASSERT_EQ(config->impersonate.extra.size(), 1U);
  EXPECT_THAT(config->impersonate.extra[0].second, ::testing::ElementsAre("view", "x y"));
  EXPECT_THAT(config->origin, HasSubstr("context admin@test"));
}

TEST_F(KubeconfigTest, TheFirstFileThatDefinesANameWinsWhole) {
  const std::string first =
      folder_.write("1", fileOf("a", "server: https://first", "token: one", false));
  const std::string second = folder_.write(
      "2",
      fileOf("a", "server: https://second, insecure-skip-tls-verify: true", "token: two") + "");
  const auto config = loadKubeconfig({first, second}, false);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->endpoint.host, "first");
  EXPECT_FALSE(config->endpoint.insecure_skip_verify) << "no field of the second cluster";
  EXPECT_EQ(config->token, "one");
}

TEST_F(KubeconfigTest, TheFirstCurrentContextWinsAndMayPointIntoALaterFile) {
  const std::string first = folder_.write("1", "current-context: b\n");
  const std::string second = folder_.write("2", fileOf("a", "server: https://a", "token: a"));
  const std::string third = folder_.write("3", fileOf("b", "server: https://b", "token: b", false));
  const auto config = loadKubeconfig({first, second, third}, false);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->endpoint.host, "b");
  const auto other = loadKubeconfig({first, second, third}, false, "a");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->endpoint.host, "a");
}

TEST_F(KubeconfigTest, MissingFilesAreSkippedButBrokenOnesAreErrors) {
  const std::string good = folder_.write("1", fileOf("a", "server: https://a", "token: a"));
  EXPECT_TRUE(loadKubeconfig({folder_.path("missing"), good, folder_.path("gone")}, false));
  EXPECT_EQ(loadKubeconfig({folder_.path("missing")}, true).error().code(), base::Code::kNotFound);
  const std::string broken = folder_.write("broken", "clusters: [\n  {name: a\n");
  const auto config = loadKubeconfig({good, broken}, false);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message(), HasSubstr("broken: line "));
  for (const std::string& text :
       {std::string("[]"), std::string("kind: Pod"), std::string("clusters: 3"),
        std::string("clusters: [3]"), std::string("clusters: [{name: a, cluster: 3}]"),
        std::string("\x01\x02"), std::string("a: &a [*a]"), std::string(200000, '[')}) {
    const auto bad = loadKubeconfig({folder_.write("bad", text)}, true);
    EXPECT_FALSE(bad) << text.substr(0, 40);
  }
  EXPECT_FALSE(loadKubeconfig({folder_.path("")}, true)) << "a folder";
}

TEST_F(KubeconfigTest, RelativePathsStandOnTheFileThatNamesThem) {
  const std::string first = folder_.write("one/config",
                                          "current-context: c\n"
                                          "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
                                          "clusters: [{name: c, cluster: {server: 'https://a', "
                                          "certificate-authority: pki/ca.crt}}]\n");
  const std::string second = folder_.write(
      "two/config",
      "users: [{name: u, user: {client-certificate: ../me.crt, client-key: /abs/me.key, "
      "tokenFile: token, exec: {apiVersion: client.authentication.k8s.io/v1beta1, "
      "command: ./bin/plugin}}}]\n");
  const auto config = loadKubeconfig({first, second}, true);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->ca_file, folder_.path("one/pki/ca.crt"));
  EXPECT_EQ(config->client_cert_file, folder_.path("me.crt"));
  EXPECT_EQ(config->client_key_file, "/abs/me.key");
  EXPECT_EQ(config->token_file, folder_.path("two/token"));
  EXPECT_EQ(config->exec->command, folder_.path("two/bin/plugin"));
}

TEST_F(KubeconfigTest, ABareExecCommandIsLeftToThePath) {
  const auto config =
      load(fileOf("a", "server: https://a",
                  "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, "
                  "interactiveMode: Never, args: [eks, get-token], env: [{name: A, value: b}]}"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->exec->command, "aws");
  EXPECT_THAT(config->exec->args, ::testing::ElementsAre("eks", "get-token"));
  EXPECT_EQ(config->exec->env.at(0).second, "b");
  EXPECT_EQ(config->exec->interactive, ExecPlugin::Interactive::kNever);
}

TEST_F(KubeconfigTest, TheExecExtensionOfTheClusterIsPassedOnAsJson) {
  const auto config = load(
      fileOf("a",
             "server: 'https://a', extensions: [{name: other, extension: {}}, {name: "
             "client.authentication.k8s.io/exec, extension: {audience: \"x\\\"y\", n: 3, ok: true, "
             "quoted: \"3\", list: [a, null]}}]",
             "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: p}"));
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->exec->cluster_config_json,
            R"({"audience":"x\"y","n":3,"ok":true,"quoted":"3","list":["a",null]})");
}

TEST_F(KubeconfigTest, AnAliasBombInTheExtensionIsRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k > 0 ? ", " : "") + last;
    bomb += "]\n";
  }
  const auto config = load(
      bomb + fileOf("a",
                    "server: 'https://a', extensions: [{name: client.authentication.k8s.io/exec, "
                    "extension: *a9}]",
                    ""));
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message(), HasSubstr("too large"));
}

TEST_F(KubeconfigTest, ContradictionsAreOneLineThatNamesThem) {
  struct Case {
    const char* cluster;
    const char* user;
    const char* want;
  };
  for (const Case& c : std::vector<Case>{
           {"", "", "no server"},
           {"server: 'https://a', certificate-authority: x, insecure-skip-tls-verify: true", "",
            "insecure-skip-tls-verify"},
           {"server: 'https://a', insecure-skip-tls-verify: maybe", "", "true or false"},
           {"server: 'https://a', certificate-authority-data: '!!'", "", "base64"},
           {"server: 'ftp://a'", "", "scheme"},
           {"server: 'https://u:p@a'", "", "user info"},
           {"server: 'https://a:99999'", "", "port"},
           {"server: 'https://a', proxy-url: 'socks5://p:1'", "", "socks5"},
           {"server: 'https://a', proxy-url: 'https://p:1'", "", "https proxies"},
           {"server: [a]", "", "server must be a string"},
           {"server: 'https://a'", "client-certificate: x", "together"},
           {"server: 'https://a'", "client-key-data: S0VZ", "together"},
           {"server: 'https://a'",
            "client-certificate: x, client-certificate-data: S0VZ, client-key: y", "both given"},
           {"server: 'https://a'", "client-certificate: x, client-key: y, client-key-data: S0VZ",
            "both given"},
           {"server: 'https://a'", "token: a, username: b", "token and a password"},
           {"server: 'https://a'", "as-groups: [a]", "need as"},
           {"server: 'https://a'", "auth-provider: {name: gcp}", "\"gcp\" was removed"},
           {"server: 'https://a'",
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: p}", "interactiveMode"},
           {"server: 'https://a'",
            "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: p}", "v1alpha1"},
           {"server: 'https://a'", "exec: {apiVersion: v9, command: p}", "unknown apiVersion"},
           {"server: 'https://a'", "exec: {apiVersion: client.authentication.k8s.io/v1beta1}",
            "command is missing"},
           {"server: 'https://a'",
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: p, interactiveMode: x}",
            "unknown interactiveMode"}}) {
    const std::string error = errorOf(c.cluster, c.user);
    EXPECT_THAT(error, HasSubstr(c.want)) << c.cluster << " / " << c.user;
    EXPECT_THAT(error, Not(HasSubstr("\n")));
    EXPECT_THAT(error, HasSubstr("kubeconfig " + folder_.path("config")));
  }
}

TEST_F(KubeconfigTest, DanglingNamesAreNamed) {
  const auto none = load("clusters: []\n");
  EXPECT_THAT(none.error().message(), HasSubstr("current-context is not set"));
  const auto empty = load("");
  EXPECT_THAT(empty.error().message(),
              HasSubstr(folder_.path("config") + ": current-context is not set"));
  const auto context = load("current-context: x\n");
  EXPECT_THAT(context.error().message(), HasSubstr("context \"x\" does not exist"));
  const auto cluster = load("current-context: x\ncontexts: [{name: x, context: {cluster: y}}]\n");
  EXPECT_THAT(cluster.error().message(), HasSubstr("cluster \"y\" does not exist"));
  const auto user = load(
      "current-context: x\ncontexts: [{name: x, context: {cluster: y, user: z}}]\n"
      "clusters: [{name: y, cluster: {server: 'https://a'}}]\n");
  EXPECT_THAT(user.error().message(), HasSubstr("user \"z\" does not exist"));
  const auto twice = load("clusters: [{name: y}, {name: y}]\n");
  EXPECT_THAT(twice.error().message(), HasSubstr("defined twice"));
}

TEST_F(KubeconfigTest, SecretsAreNotPartOfErrors) {
  EXPECT_THAT(errorOf("server: 'https://a'", "token: SECRET, password: SECRET"),
              Not(HasSubstr("SECRET")));
  EXPECT_THAT(errorOf("server: 'https://a'", "client-key-data: '!SECRET!'"),
              Not(HasSubstr("SECRET")));
}

TEST_F(KubeconfigTest, TheFlagWinsThenTheEnvironmentThenHome) {
  const std::string flag = folder_.write("flag", fileOf("a", "server: https://flag", ""));
  const std::string env = folder_.write("env", fileOf("a", "server: https://env", ""));
  folder_.write("home/.kube/config", fileOf("a", "server: https://home", ""));
  const auto both = environmentOf({{"KUBECONFIG", ":" + folder_.path("none") + "::" + env + ":"},
                                   {"HOME", folder_.path("home")}});
  EXPECT_EQ(loadClientConfig(flag, both)->endpoint.host, "flag");
  EXPECT_EQ(loadClientConfig("", both)->endpoint.host, "env");
  EXPECT_EQ(loadClientConfig("", environmentOf({{"HOME", folder_.path("home")}}))->endpoint.host,
            "home");
  EXPECT_EQ(loadClientConfig(folder_.path("none"), both).error().code(), base::Code::kNotFound);
  const auto nothing = loadClientConfig("", environmentOf({}));
  ASSERT_FALSE(nothing);
  EXPECT_THAT(nothing.error().message(), HasSubstr("--kubeconfig"));
  const auto gone = loadClientConfig("", environmentOf({{"KUBECONFIG", folder_.path("none")}}));
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().message(), HasSubstr("KUBECONFIG=" + folder_.path("none")));
}

TEST_F(KubeconfigTest, AnotherContextThanTheCurrentOne) {
  const std::string file = folder_.write(
      "two",
      "current-context: a\n"
      "contexts: [{name: a, context: {cluster: a}}, {name: b, context: {cluster: b, namespace: "
      "n}}]\n"
      "clusters: [{name: a, cluster: {server: 'https://a'}}, {name: b, cluster: {server: "
      "'https://b'}}]\n");
  const auto by_variable = environmentOf({{"KUBECONFIG", folder_.path("none") + ":" + file}});
  EXPECT_EQ(loadClientConfig(file, environmentOf({}), "b")->endpoint.host, "b");
  EXPECT_EQ(loadClientConfig("", by_variable, "b")->ns, "n");
  EXPECT_EQ(loadClientConfig("", by_variable)->endpoint.host, "a");
  EXPECT_THAT(loadClientConfig("", by_variable, "c").error().message(),
              HasSubstr("context \"c\" does not exist"));
  EXPECT_THAT(loadClientConfig("", environmentOf({}), "c").error().message(),
              HasSubstr("no kubeconfig to look it up in"));
}

TEST_F(KubeconfigTest, InClusterReadsTheServiceAccount) {
  const std::string account = "root/var/run/secrets/kubernetes.io/serviceaccount/";
  folder_.write(account + "token", "token\n");
  folder_.write(account + "ca.crt", "CA");
  folder_.write(account + "namespace", "kube-system\n");
  const std::string root = folder_.path("root");
  const auto v4 =
      environmentOf({{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}});
  const auto config = inClusterConfig(v4, root);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->endpoint.scheme, "https");
  EXPECT_EQ(config->endpoint.host, "10.96.0.1");
  EXPECT_EQ(config->ns, "kube-system");
  EXPECT_EQ(config->token_file, folder_.path(account + "token"));
  const auto v6 = environmentOf({{"KUBERNETES_SERVICE_HOST", "fd00::1"},
                                 {"KUBERNETES_SERVICE_PORT", "6443"},
                                 {"POD_NAMESPACE", "mine"}});
  EXPECT_EQ(inClusterConfig(v6, root)->endpoint.host, "fd00::1");
  EXPECT_EQ(inClusterConfig(v6, root)->ns, "mine");
  folder_.remove(account + "namespace");
  EXPECT_EQ(inClusterConfig(v4, root)->ns, "default");
  EXPECT_EQ(inClusterConfig(environmentOf({}), root).error().code(), base::Code::kNotFound);
  folder_.remove(account + "token");
  EXPECT_FALSE(inClusterConfig(v4, root));
}

TEST(ServerUrlTest, AddressesAreTakenApart) {
  struct Case {
    const char* url;
    bool tls;
    const char* want;  // scheme host port prefix, or "error"
  };
  for (const Case& c :
       std::vector<Case>{{"https://a", false, "https a 443 "},
                         {"HTTPS://a:6443", false, "https a 6443 "},
                         {"http://a", true, "http a 80 "},
                         {"a:6443", true, "https a 6443 "},
                         {"a:8080", false, "http a 8080 "},
                         {"https://[fd00::1]:6443/k8s/", false, "https fd00::1 6443 /k8s"},
                         {"https://[::1]", false, "https ::1 443 "},
                         {"https://a/b/c//", false, "https a 443 /b/c"},
                         {"https://", false, "error"},
                         {"https://a:", false, "error"},
                         {"https://a:x", false, "error"},
                         {"https://[::1", false, "error"},
                         {"https://[a]", false, "error"},
                         {"https://::1", false, "error"},
                         {"https://a b", false, "error"},
                         {"https://a\r\nX: y", false, "error"},
                         {"https://a?x=y", false, "error"},
                         {"https://a#x", false, "error"},
                         {"unix:///x", false, "error"}}) {
    Endpoint endpoint;
    const base::Status status = parseServerUrl(c.url, c.tls, endpoint);
    const std::string got = status.ok() ? endpoint.scheme + " " + endpoint.host + " " +
                                              endpoint.port + " " + endpoint.path_prefix
                                        : "error";
    EXPECT_EQ(got, c.want) << c.url;
  }
}

TEST(Base64Test, GoesThereAndBackAndRefusesTheRest) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(decodeBase64(encodeBase64(text)), text) << i;
    text.push_back(static_cast<char>(i * 37));
  }
  EXPECT_EQ(decodeBase64("YW\nJj\r\n"), "abc");
  for (const char* bad : {"a", "ab", "abc", "ab=c", "abcd=", "a===", "ab!=", "=", "===="}) {
    EXPECT_EQ(decodeBase64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace stowage::k8sclient
