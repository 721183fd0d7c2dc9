#include "integration/standin/stand_in.h"

#include <gtest/gtest.h>

#define CPPHTTPLIB_OPENSSL_SUPPORT
#include <httplib.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "integration/scheduler/scheduler_process.h"
#include "stowage_paths.h"

namespace stowage::testing {

namespace {

using namespace std::chrono_literals;

[[noreturn]] void die(const std::string& what, const std::string& output) {
  std::fprintf(stderr, "%s\n%s\n", what.c_str(), output.c_str());
  std::exit(1);
}

std::string build() {
  static const std::string binary = [] {
    std::string file = STOWAGE_BINARY_DIR "/standin";
    // Without cgo, as the control plane's binaries: what they have compiled is used again.
    const CommandResult built =
        runCommand({"env", "CGO_ENABLED=0", "go", "build", "-C",
                    STOWAGE_SOURCE_DIR "/tests/controlplane", "-o", file, "./standin"},
                   {}, 900s);
    if (built.exit_code != 0)
      die("The stand-in could not be built. It needs Go (see tests/controlplane/go.mod for the "
          "version).",
          built.output);
    return file;
  }();
  return binary;
}

}  // namespace

StandIn::StandIn(ControlPlane& cluster, const std::vector<std::string>& nodes, const Images& images)
    : port_(freePort()) {
  static int number = 0;
  root_ = cluster.logDir() + "/standin-" + std::to_string(++number);
  const std::string log = root_ + ".log";
  const std::string control = "127.0.0.1:" + std::to_string(port_);
  std::vector<std::string> argv = {
      build(), "-kubeconfig", cluster.adminKubeconfig(), "-root", root_, "-control", control};
  for (const std::string& node : nodes) argv.insert(argv.end(), {"-node", node});
  for (const auto& [name, programs] : images) {
    std::string entry = name;
    for (const std::string& program : programs)
      entry.append(entry == name ? "=" : ",").append(program);
    argv.insert(argv.end(), {"-image", entry});
  }
  process_ = std::make_unique<ChildProcess>(argv, log);
  httplib::Client client("127.0.0.1", port_);
  const bool ready = waitFor(
      [&] {
        const auto answer = client.Get("/readyz");
        return (answer && answer->status == 200) || !process_->running();
      },
      30s);
  if (!ready || !process_->running()) die("The stand-in did not start:", process_->log());
}

StandIn::~StandIn() {
  process_->signal(SIGTERM);
  (void)process_->waitExit(10s);
}

void StandIn::tell(const std::string& node, const std::string& what) const {
  httplib::Client client("127.0.0.1", port_);
  client.set_read_timeout(30);
  std::string path = "/nodes/";
  path.append(node).append("/").append(what);
  const auto answer = client.Post(path.c_str());
  ASSERT_TRUE(answer) << path;
  EXPECT_EQ(answer->status, 200) << path << ": " << answer->body;
}

std::vector<std::string> StandIn::resolve(const std::string& ns, const std::string& name) const {
  std::vector<std::string> addresses;
  std::istringstream hosts(textOf(root_ + "/etc/" + ns + "/hosts"));
  for (std::string line; std::getline(hosts, line);) {
    std::istringstream words(line);
    std::string address;
    words >> address;
    for (std::string word; words >> word;) {
      if (word == name) addresses.push_back(address);
    }
  }
  return addresses;
}

std::string StandIn::log(const std::string& ns, const std::string& pod,
                         const std::string& container) const {
  std::string path = root_;
  path.append("/logs/").append(ns).append("_").append(pod);
  return textOf(path.append("_").append(container).append(".log"));
}

std::string StandIn::path(const std::string& pod_uid, const std::string& volume,
                          const std::string& file) const {
  std::string full = root_;
  full.append("/pods/").append(pod_uid).append("/volumes/").append(volume);
  return full.append("/").append(file);
}

std::string textOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string etcdProgram() {
  CommandResult found = runCommand(
      {"bash", STOWAGE_SOURCE_DIR "/tests/controlplane/controlplane.sh", "path", "etcd"});
  while (!found.output.empty() && found.output.back() == '\n') found.output.pop_back();
  return found.output;
}

}  // namespace stowage::testing
