// SchedulerProcess: the real stowage-scheduler binary, run as a user would, under its own
// least-privilege identity, against the test program's control plane. Not thread safe.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "testing/controlplane/control_plane.h"
#include "testing/process/child_process.h"

namespace stowage::testing {

struct SchedulerFlags {
  std::string name = "stowage-scheduler";      // --scheduler-name; empty: as configured
  std::string identity = "stowage-scheduler";  // user of the kubeconfig
  bool leader_elect = false;
  bool verify_caches = true;  // recomputes every cached decision: slow, and right for small tests
  std::string lease_namespace = "kube-system";
  std::vector<std::string> extra;
};

// A program of ours that serves HTTPS on a port of 127.0.0.1.
class ServerProcess {
 public:
  // Waits until /readyz answers 200.
  [[nodiscard]] bool waitReady(std::chrono::seconds limit = std::chrono::seconds(30));
  // GET of a path on the HTTPS port; "" as body and 0 as status when there is no answer.
  struct Answer {
    int status = 0;
    std::string body;
  };
  [[nodiscard]] Answer get(const std::string& path, const std::string& bearer_token = {}) const;
  // The value of a metric line that starts with `series` (name and labels), or nullopt.
  [[nodiscard]] std::optional<double> metric(const std::string& series,
                                             const std::string& token) const;

  [[nodiscard]] ChildProcess& process() { return *process_; }
  [[nodiscard]] int port() const { return port_; }

 protected:
  ServerProcess();
  ~ServerProcess() = default;
  // `program`: "scheduler"; run with `flags` and those that all of them have, and with
  // "NAME=value" added to its environment.
  void run(ControlPlane& cluster, const std::string& program, const std::string& identity,
           const std::vector<std::string>& flags, const std::vector<std::string>& environment = {});

 private:
  int port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

class SchedulerProcess final : public ServerProcess {
 public:
  SchedulerProcess(ControlPlane& cluster, const SchedulerFlags& flags);
};

// A TCP port of 127.0.0.1 that nobody listens on right now.
int freePort();

}  // namespace stowage::testing
