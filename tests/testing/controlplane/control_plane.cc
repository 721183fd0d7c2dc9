#include "testing/controlplane/control_plane.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "stowage_paths.h"

namespace stowage::testing {

namespace {

constexpr std::size_t kLongestTestName = 40;  // of the 63 bytes that a namespace may have

// A cold cache means building Kubernetes first.
constexpr std::chrono::seconds kScriptLimit{1800};

std::string tempRoot() {
  const char* root = std::getenv("TMPDIR");
  return root != nullptr && *root != '\0' ? root : "/tmp";
}

std::string makeTempDir() {
  std::string name = tempRoot() + "/stowage-test-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    std::perror(name.c_str());
    std::abort();
  }
  return name;
}

std::string firstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string lastLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

bool& serviceAccountsWanted() {
  static bool wanted = false;
  return wanted;
}

// "SuiteName.TestName" as a DNS label.
std::string labelOfCurrentTest() {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string label;
  for (const char c : test != nullptr ? std::string(test->name()) : std::string("setup")) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0) continue;
    if (label.size() >= kLongestTestName) break;
    label.push_back(static_cast<char>(std::tolower(byte)));
  }
  return label;
}

}  // namespace

// Cleans up after each test.
class ControlPlane::Listener : public ::testing::EmptyTestEventListener {
 public:
  explicit Listener(ControlPlane& cluster) : cluster_(cluster) {}
  void OnTestEnd(const ::testing::TestInfo& /*info*/) override { cluster_.endTest(); }

 private:
  ControlPlane& cluster_;
};

ControlPlane& ControlPlane::instance() {
  // Made after gtest's own singletons, so destroyed before them.
  static ControlPlane cluster;
  return cluster;
}

void ControlPlane::withServiceAccounts() { serviceAccountsWanted() = true; }

ControlPlane& ControlPlane::beside() {
  static ControlPlane cluster;
  return cluster;
}

ControlPlane::ControlPlane() : dir_(makeTempDir()) {
  std::vector<std::string> words = {"start", dir_, "--no-node-taints", "--owner-pid",
                                    std::to_string(getpid())};
  if (serviceAccountsWanted()) words.emplace_back("--with-service-accounts");
  script(words);
  kubectl_ = firstLine(dir_ + "/kubectl.path");
  ::testing::UnitTest::GetInstance()->listeners().Append(new Listener(*this));
}

ControlPlane::~ControlPlane() {
  const bool failed = ::testing::UnitTest::GetInstance()->Failed();
  script({"stop", dir_});
  if (failed) {
    std::fprintf(stderr, "Logs of the control plane and of what ran on it: %s\n", logDir().c_str());
    return;
  }
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

// Runs a command of controlplane.sh; returns its output.
std::string ControlPlane::script(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {
      "bash", std::string(STOWAGE_SOURCE_DIR) + "/tests/controlplane/controlplane.sh"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  CommandResult result = runCommand(argv, {}, kScriptLimit);
  if (result.exit_code != 0) {
    std::fprintf(stderr, "controlplane.sh %s failed (exit %d):\n%s\nlogs: %s\n",
                 arguments[0].c_str(), result.exit_code, result.output.c_str(), logDir().c_str());
    std::abort();
  }
  return std::move(result.output);
}

std::string ControlPlane::adminKubeconfig() const { return dir_ + "/admin.kubeconfig"; }
std::string ControlPlane::caFile() const { return dir_ + "/pki/ca.crt"; }
std::string ControlPlane::adminCertificate() const { return dir_ + "/pki/client-admin.crt"; }
std::string ControlPlane::adminKey() const { return dir_ + "/pki/client-admin.key"; }
std::string ControlPlane::auditLog() const { return dir_ + "/audit.log"; }
std::string ControlPlane::logDir() const { return dir_ + "/logs"; }
std::string ControlPlane::url() const {
  return "https://127.0.0.1:" + firstLine(dir_ + "/apiserver.port");
}

std::string ControlPlane::identity(const std::string& user) {
  auto [known, is_new] = identities_.try_emplace(user);
  if (is_new) {
    // The last line is the file's name; before it come kubectl's messages.
    const bool own = user == "stowage-scheduler" || user == "stowage-operator";
    known->second = lastLine(own ? script({user.substr(8) + "-identity", dir_})
                                 : script({"identity", dir_, user}));
  }
  return known->second;
}

std::string ControlPlane::token(const std::string& ns, const std::string& service_account) {
  return lastLine(script({"token", dir_, ns, service_account}));
}

void ControlPlane::allowLeases(const std::string& ns) {
  const CommandResult result =
      kubectl({"create", "rolebinding", "stowage-scheduler-lease", "-n", ns,
               "--clusterrole=stowage-scheduler-lease", "--user=stowage-scheduler"});
  EXPECT_EQ(result.exit_code, 0) << result.output;
}

std::string ControlPlane::namespaceForTest() {
  std::string name = labelOfCurrentTest() + "-" + std::to_string(++namespace_count_);
  const CommandResult result = kubectl({"create", "namespace", name});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  namespaces_.push_back(name);
  return name;
}

void ControlPlane::endTest() {
  for (const std::string& ns : namespaces_) {
    // A test that killed the server is its own problem: nothing to clean then.
    (void)kubectl({"delete", "--raw", "/api/v1/namespaces/" + ns + "/pods?gracePeriodSeconds=0"});
  }
  namespaces_.clear();
}

CommandResult ControlPlane::kubectl(const std::vector<std::string>& arguments) {
  return kubectlWithInput(arguments, {});
}

CommandResult ControlPlane::kubectlAs(const std::string& kubeconfig,
                                      const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {kubectl_, "--kubeconfig=" + kubeconfig,
                                   "--cache-dir=" + dir_ + "/kubectl-cache"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return runCommand(argv);
}

CommandResult ControlPlane::kubectlWithInput(const std::vector<std::string>& arguments,
                                             const std::string& input) {
  std::vector<std::string> argv = {kubectl_, "--kubeconfig=" + adminKubeconfig(),
                                   "--cache-dir=" + dir_ + "/kubectl-cache"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return runCommand(argv, input);
}

void ControlPlane::killApiServer() { script({"kill-apiserver", dir_}); }
void ControlPlane::restartApiServer() { script({"restart-apiserver", dir_}); }
void ControlPlane::startControllers(const std::string& controllers,
                                    const std::vector<std::string>& flags) {
  std::vector<std::string> words = {"start-controller-manager", dir_, controllers};
  words.insert(words.end(), flags.begin(), flags.end());
  script(words);
}
void ControlPlane::stopControllers() { script({"stop-controller-manager", dir_}); }
void ControlPlane::startKubeScheduler(const std::string& config_file) {
  script(config_file.empty() ? std::vector<std::string>{"start-scheduler", dir_}
                             : std::vector<std::string>{"start-scheduler", dir_, config_file});
}
void ControlPlane::stopKubeScheduler() { script({"stop-scheduler", dir_}); }
std::string ControlPlane::kubeSchedulerKubeconfig() { return identity("system:kube-scheduler"); }
void ControlPlane::rotateServingCertificate() { script({"rotate-serving-cert", dir_}); }

ControlPlane::TempFile::TempFile(const std::string& text)
    : path_(tempRoot() + "/stowage-test-file-XXXXXX") {
  const int fd = mkstemp(path_.data());
  if (fd < 0) {
    std::perror(path_.c_str());
    std::abort();
  }
  close(fd);
  std::ofstream(path_) << text;
}

ControlPlane::TempFile::~TempFile() { unlink(path_.c_str()); }

}  // namespace stowage::testing
