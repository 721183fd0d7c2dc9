#include "integration/scheduler/scheduler_process.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define CPPHTTPLIB_OPENSSL_SUPPORT
#include <httplib.h>

#include <cstdint>
#include <random>
#include <sstream>

#include "stowage_paths.h"

namespace stowage::testing {

namespace {

bool listenable(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return free;
}

}  // namespace

// Below the range that the kernel gives to outgoing connections (32768 and up): a port from there
// could belong to any connection of the machine before the scheduler listens on it.
int freePort() {
  static std::mt19937 random(std::random_device{}());
  for (int i = 0; i < 200; ++i) {
    const int port = std::uniform_int_distribution(20'000, 31'999)(random);
    if (listenable(port)) return port;
  }
  ADD_FAILURE() << "no free port";
  return 0;
}

ServerProcess::ServerProcess() : port_(freePort()) {}

void ServerProcess::run(ControlPlane& cluster, const std::string& program,
                        const std::string& identity, const std::vector<std::string>& flags,
                        const std::vector<std::string>& environment) {
  static int number = 0;
  const std::string name = "stowage-" + program;
  std::vector<std::string> argv = {std::string(STOWAGE_BINARY_DIR) + "/cmd/" + program + "/" + name,
                                   "--kubeconfig",
                                   cluster.identity(identity),
                                   "--bind-address",
                                   "127.0.0.1",
                                   "--secure-port",
                                   std::to_string(port_)};
  argv.insert(argv.end(), flags.begin(), flags.end());
  process_ = std::make_unique<ChildProcess>(
      argv, cluster.logDir() + "/" + name + "-" + std::to_string(++number) + ".log", environment);
}

SchedulerProcess::SchedulerProcess(ControlPlane& cluster, const SchedulerFlags& flags) {
  std::vector<std::string> typed = {
      "--leader-elect-resource-namespace", flags.lease_namespace,
      flags.leader_elect ? "--leader-elect=true" : "--leader-elect=false"};
  if (flags.verify_caches) typed.emplace_back("--verify-caches");
  if (!flags.name.empty()) typed.insert(typed.end(), {"--scheduler-name", flags.name});
  typed.insert(typed.end(), flags.extra.begin(), flags.extra.end());
  run(cluster, "scheduler", flags.identity, typed);
}

bool ServerProcess::waitReady(std::chrono::seconds limit) {
  return waitFor([this] { return get("/readyz").status == 200 || !process_->running(); }, limit) &&
         process_->running();
}

ServerProcess::Answer ServerProcess::get(const std::string& path,
                                         const std::string& bearer_token) const {
  httplib::SSLClient client("127.0.0.1", port_);
  client.enable_server_certificate_verification(false);
  client.set_connection_timeout(5);
  client.set_read_timeout(10);
  httplib::Headers headers;
  if (!bearer_token.empty()) headers.emplace("Authorization", "Bearer " + bearer_token);
  auto answer = client.Get(path.c_str(), headers);
  if (!answer) return {};
  return {answer->status, answer->body};
}

std::optional<double> ServerProcess::metric(const std::string& series,
                                            const std::string& token) const {
  std::istringstream lines(get("/metrics", token).body);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(series + " ", 0) == 0) return std::stod(line.substr(series.size() + 1));
  }
  return std::nullopt;
}

}  // namespace stowage::testing
