// The ground that every other integration test stands on: the server is real, identities have the
// rights that they should have and no others, outages end, and nothing is left behind.
#include "testing/controlplane/control_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "stowage_paths.h"

namespace stowage::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::chrono_literals;

constexpr const char* kPod = R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"},
  "spec": {"schedulerName": "nobody", "containers": [{"name": "main", "image": "example.test/x"}]}})";

std::string textOf(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool processRuns(int pid) {
  const std::string stat = textOf("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t end = stat.rfind(')');  // "pid (name) state ..."; a zombie has ended
  return end != std::string::npos && end + 2 < stat.size() && stat[end + 2] != 'Z';
}

int pidIn(const std::string& path) { return std::atoi(textOf(path).c_str()); }

class ControlPlaneFixture : public ::testing::Test {
 protected:
  ControlPlane& cluster_ = ControlPlane::instance();
};

TEST_F(ControlPlaneFixture, ServerIsReadyAndSaysItsVersion) {
  EXPECT_EQ(cluster_.kubectl({"get", "--raw", "/readyz"}).output, "ok");
  const char* wanted = std::getenv("K8S");  // what `make it K8S=...` asks for
  EXPECT_THAT(cluster_.kubectl({"get", "--raw", "/version"}).output,
              HasSubstr(R"("gitVersion": "v)" + std::string(wanted != nullptr ? wanted : "1.")));
}

TEST_F(ControlPlaneFixture, EachNamespaceIsFreshAndAPodCanBeMadeInIt) {
  const std::string one = cluster_.namespaceForTest();
  const std::string two = cluster_.namespaceForTest();
  EXPECT_NE(one, two);
  const CommandResult created = cluster_.kubectlWithInput({"create", "-n", one, "-f", "-"}, kPod);
  EXPECT_EQ(created.exit_code, 0) << created.output;
  EXPECT_EQ(cluster_.kubectl({"get", "pods", "-n", two, "-o", "name"}).output, "");
  EXPECT_EQ(cluster_.kubectl({"get", "pods", "-n", one, "-o", "name"}).output, "pod/probe\n");
}

TEST_F(ControlPlaneFixture, NewNodeIsUsableWithoutControllers) {
  const CommandResult created = cluster_.kubectlWithInput(
      {"create", "-f", "-"},
      R"({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "probe-node"},
          "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}})");
  ASSERT_EQ(created.exit_code, 0) << created.output;
  EXPECT_EQ(cluster_.kubectl({"get", "node", "probe-node", "-o", "jsonpath={.spec.taints}"}).output,
            "");
  EXPECT_EQ(cluster_.kubectl({"delete", "node", "probe-node"}).exit_code, 0);
}

struct Right {
  const char* what;
  std::vector<std::string> arguments;  // of `kubectl auth can-i`
  bool allowed;
};

TEST_F(ControlPlaneFixture, SchedulerMayDoWhatItMustAndNothingElse) {
  const std::string kubeconfig = cluster_.identity("stowage-scheduler");
  const Right table[] = {
      {"watch pods everywhere", {"watch", "pods", "-A"}, true},
      {"read one pod", {"get", "pods", "-A"}, true},
      {"list nodes", {"list", "nodes"}, true},
      {"list namespaces", {"list", "namespaces"}, true},
      {"bind", {"create", "pods", "--subresource=binding", "-A"}, true},
      {"patch the status of pods", {"patch", "pods", "--subresource=status", "-A"}, true},
      {"write events", {"create", "events.events.k8s.io", "-A"}, true},
      {"extend a series of events", {"patch", "events.events.k8s.io", "-A"}, true},
      {"create its lease", {"create", "leases.coordination.k8s.io", "-n", "kube-system"}, true},
      {"renew its lease",
       {"update", "leases.coordination.k8s.io/stowage-scheduler", "-n", "kube-system"},
       true},
      {"review tokens", {"create", "tokenreviews.authentication.k8s.io"}, true},
      {"review access", {"create", "subjectaccessreviews.authorization.k8s.io"}, true},
      {"delete pods, as preemption does", {"delete", "pods", "-A"}, true},
      {"list disruption budgets", {"list", "poddisruptionbudgets.policy", "-A"}, true},
      {"watch claims", {"watch", "persistentvolumeclaims", "-A"}, true},
      {"select the node of a claim", {"patch", "persistentvolumeclaims", "-A"}, true},
      {"claim a volume", {"patch", "persistentvolumes"}, true},
      {"list CSI nodes", {"list", "csinodes.storage.k8s.io"}, true},
      {"create volumes", {"create", "persistentvolumes"}, false},
      {"delete claims", {"delete", "persistentvolumeclaims", "-A"}, false},
      {"change attachments", {"patch", "volumeattachments.storage.k8s.io"}, false},
      {"renew another's lease",
       {"update", "leases.coordination.k8s.io/kube-scheduler", "-n", "kube-system"},
       false},
      {"lease in other namespaces", {"create", "leases.coordination.k8s.io", "-A"}, false},
      {"read secrets", {"get", "secrets", "-A"}, false},
      {"list secrets", {"list", "secrets", "-n", "kube-system"}, false},
      {"create pods", {"create", "pods", "-A"}, false},
      {"change pods", {"patch", "pods", "-A"}, false},
      {"replace the status of pods", {"update", "pods", "--subresource=status", "-A"}, false},
      {"evict", {"create", "pods", "--subresource=eviction", "-A"}, false},
      {"write nodes", {"patch", "nodes"}, false},
      {"run commands in pods", {"create", "pods", "--subresource=exec", "-A"}, false},
      {"write roles", {"create", "clusterroles.rbac.authorization.k8s.io"}, false},
      {"impersonate", {"impersonate", "users"}, false},
  };
  for (const Right& right : table) {
    std::vector<std::string> arguments = {"auth", "can-i"};
    arguments.insert(arguments.end(), right.arguments.begin(), right.arguments.end());
    const CommandResult answer = cluster_.kubectlAs(kubeconfig, arguments);
    EXPECT_EQ(answer.exit_code == 0, right.allowed) << right.what << ": " << answer.output;
  }
}

TEST_F(ControlPlaneFixture, RefusalsAreRealAndAppearInTheAuditLog) {
  const std::string ns = cluster_.namespaceForTest();
  const std::string kubeconfig = cluster_.identity("stowage-scheduler");
  EXPECT_EQ(cluster_.kubectlAs(kubeconfig, {"get", "pods", "-A"}).exit_code, 0);
  EXPECT_THAT(cluster_.kubectlAs(kubeconfig, {"get", "secrets", "-n", ns}).output,
              HasSubstr("(Forbidden)"));
  EXPECT_THAT(textOf(cluster_.auditLog()), HasSubstr("/api/v1/namespaces/" + ns + "/secrets"));
}

TEST_F(ControlPlaneFixture, OtherIdentitiesHaveNoRights) {
  EXPECT_THAT(
      cluster_.kubectlAs(cluster_.identity("somebody"), {"get", "pods", "-n", "default"}).output,
      HasSubstr(R"(User "somebody" cannot list resource "pods")"));
}

TEST_F(ControlPlaneFixture, LeaseCanBeGrantedInANamespaceOfATest) {
  const std::string ns = cluster_.namespaceForTest();
  const std::string kubeconfig = cluster_.identity("stowage-scheduler");
  const std::vector<std::string> question = {"auth", "can-i", "create", "leases", "-n", ns};
  EXPECT_NE(cluster_.kubectlAs(kubeconfig, question).exit_code, 0);
  cluster_.allowLeases(ns);
  EXPECT_TRUE(
      waitFor([&] { return cluster_.kubectlAs(kubeconfig, question).exit_code == 0; }, 60s));
}

TEST_F(ControlPlaneFixture, BindingsAreInTheAuditLogWithTheirBody) {
  const std::string ns = cluster_.namespaceForTest();
  ASSERT_EQ(cluster_.kubectlWithInput({"create", "-n", ns, "-f", "-"}, kPod).exit_code, 0);
  const CommandResult bound = cluster_.kubectlWithInput(
      {"create", "--raw", "/api/v1/namespaces/" + ns + "/pods/probe/binding", "-f", "-"},
      R"({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "probe"},
          "target": {"apiVersion": "v1", "kind": "Node", "name": "node-of-the-audit-test"}})");
  ASSERT_EQ(bound.exit_code, 0) << bound.output;
  const std::string log = textOf(cluster_.auditLog());
  EXPECT_THAT(log, HasSubstr("/namespaces/" + ns + "/pods/probe/binding"));
  EXPECT_THAT(log, HasSubstr("node-of-the-audit-test"));
}

TEST_F(ControlPlaneFixture, ServiceAccountTokensAreAccepted) {
  const std::string ns = cluster_.namespaceForTest();
  ASSERT_EQ(cluster_.kubectl({"create", "serviceaccount", "probe", "-n", ns}).exit_code, 0);
  const std::string token = cluster_.token(ns, "probe");
  EXPECT_THAT(token, StartsWith("ey"));
  const ControlPlane::TempFile kubeconfig(
      "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
      "clusters: [{name: c, cluster: {server: '" +
      cluster_.url() + "', certificate-authority: " + cluster_.caFile() +
      "}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n"
      "users: [{name: u, user: {token: " +
      token + "}}]\n");
  EXPECT_THAT(cluster_.kubectlAs(kubeconfig.path(), {"auth", "whoami"}).output,
              HasSubstr("system:serviceaccount:" + ns + ":probe"));
}

TEST_F(ControlPlaneFixture, OutageEndsWithTheSameData) {
  const std::string ns = cluster_.namespaceForTest();
  const std::string url = cluster_.url();
  cluster_.killApiServer();
  EXPECT_NE(cluster_.kubectl({"get", "namespace", ns}).exit_code, 0);
  cluster_.restartApiServer();
  EXPECT_EQ(cluster_.url(), url);
  const CommandResult found = cluster_.kubectl({"get", "namespace", ns, "-o", "name"});
  EXPECT_EQ(found.output, "namespace/" + ns + "\n");
}

// The serial number of the certificate that the server shows.
std::string servedSerial(const std::string& url) {
  const std::string address = url.substr(std::string("https://").size());
  return runCommand({"bash", "-c",
                     "openssl s_client -connect " + address +
                         " </dev/null 2>/dev/null | openssl x509 -noout -serial"})
      .output;
}

TEST_F(ControlPlaneFixture, ServingCertificateIsReplacedWhileItRuns) {
  const std::string before = servedSerial(cluster_.url());
  ASSERT_THAT(before, StartsWith("serial="));
  cluster_.rotateServingCertificate();
  EXPECT_TRUE(waitFor([&] { return servedSerial(cluster_.url()) != before; }, 30s, 200ms));
  EXPECT_EQ(cluster_.kubectl({"get", "--raw", "/readyz"}).output, "ok");
}

// A test program that is killed cannot clean up: the script that watches it does.
TEST_F(ControlPlaneFixture, ServersEndWhenTheirOwnerIsKilled) {
  std::string dir = cluster_.logDir() + "/owner-XXXXXX";
  ASSERT_NE(mkdtemp(dir.data()), nullptr);
  ChildProcess owner({"cat", "/dev/zero"}, "/dev/null");
  const CommandResult started =
      runCommand({"bash", std::string(STOWAGE_SOURCE_DIR) + "/tests/controlplane/controlplane.sh",
                  "start", dir, "--owner-pid", std::to_string(owner.pid())});
  ASSERT_EQ(started.exit_code, 0) << started.output;
  const int etcd = pidIn(dir + "/etcd.pid");
  const int server = pidIn(dir + "/apiserver.pid");
  EXPECT_TRUE(processRuns(etcd));
  EXPECT_TRUE(processRuns(server));
  owner.signal(SIGKILL);
  ASSERT_TRUE(owner.waitExit(10s));
  EXPECT_TRUE(waitFor([&] { return !processRuns(etcd) && !processRuns(server); }, 60s));
}

TEST_F(ControlPlaneFixture, PrivateKeysAreReadableByTheirOwnerOnly) {
  for (const std::string& path : {cluster_.adminKubeconfig(), cluster_.identity("somebody")}) {
    struct stat info{};
    ASSERT_EQ(stat(path.c_str(), &info), 0) << path;
    EXPECT_EQ(info.st_mode & 077, 0U) << path;
  }
}

}  // namespace
}  // namespace stowage::testing
