// ControlPlane: the real etcd and kube-apiserver of one test program, started at first use by
// tests/controlplane/controlplane.sh in a folder under TMPDIR. It is stopped at the end of the
// program however that ends (the script watches this process), and its folder is removed unless a
// test failed: then the path of the logs is printed. There are no controllers: objects are what
// clients write; service accounts are not needed by pods; new nodes carry no taint.
// Not thread safe. Failures to start or to run the script end the test program with a message.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "testing/process/child_process.h"

namespace stowage::testing {

class ControlPlane {
 public:
  // The program's one server, started by the first call (about 5 s; minutes when its binaries have
  // to be built first).
  static ControlPlane& instance();
  // Before the first call of instance(): pods get the service account of their namespace and its
  // token, as in a cluster. It takes service accounts, which the controllers of startControllers()
  // make or the test does.
  static void withServiceAccounts();
  // A second one beside it, for what is compared with a peer that must not see the same pods.
  static ControlPlane& beside();

  ~ControlPlane();
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;

  // Kubeconfig file of system:masters: for what the test itself does, never for the program under
  // test.
  [[nodiscard]] std::string adminKubeconfig() const;
  // Kubeconfig file of a user with a client certificate. "stowage-scheduler" and "stowage-operator"
  // have the rights of tests/controlplane/manifests/*-rbac.yaml, everybody else has none.
  std::string identity(const std::string& user);
  // A fresh token of a service account.
  std::string token(const std::string& ns, const std::string& service_account);
  // Lets user "stowage-scheduler" hold its lease in `ns` (it always may in kube-system).
  void allowLeases(const std::string& ns);

  // A new namespace, named after the running test. Its pods are deleted when the test ends.
  std::string namespaceForTest();

  // kubectl as the administrator; output is standard output and error together.
  [[nodiscard]] CommandResult kubectl(const std::vector<std::string>& arguments);
  [[nodiscard]] CommandResult kubectlWithInput(const std::vector<std::string>& arguments,
                                               const std::string& input);
  [[nodiscard]] const std::string& kubectlPath() const { return kubectl_; }
  // kubectl with another kubeconfig.
  [[nodiscard]] CommandResult kubectlAs(const std::string& kubeconfig,
                                        const std::vector<std::string>& arguments);

  [[nodiscard]] std::string url() const;     // https://127.0.0.1:PORT
  [[nodiscard]] std::string caFile() const;  // PEM
  // What the administrator shows to the server (PEM), for clients other than kubectl.
  [[nodiscard]] std::string adminCertificate() const;
  [[nodiscard]] std::string adminKey() const;
  // Of kube-scheduler, for its configuration; there before it is started.
  std::string kubeSchedulerKubeconfig();
  [[nodiscard]] std::string auditLog() const;  // one JSON event a line, written before each answer
  [[nodiscard]] std::string logDir() const;

  // An outage: SIGKILL to the API server; etcd goes on.
  void killApiServer();
  // Back on the same port and data; ready when it returns.
  void restartApiServer();
  // Some controllers of the real kube-controller-manager ("a,b"), with more flags of its own, and
  // its end. Without a call there is none.
  void startControllers(const std::string& controllers, const std::vector<std::string>& flags = {});
  void stopControllers();
  // The real kube-scheduler with that configuration file and rights of its own, and its end.
  // Without a file: its default configuration, for pods of default-scheduler.
  void startKubeScheduler(const std::string& config_file = {});
  void stopKubeScheduler();
  // A new serving certificate of the same CA; the server takes it over within seconds.
  void rotateServingCertificate();

  // A file with that text in TMPDIR, gone with the object.
  class TempFile {
   public:
    explicit TempFile(const std::string& text);
    ~TempFile();
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

   private:
    std::string path_;
  };

 private:
  class Listener;

  ControlPlane();
  std::string script(const std::vector<std::string>& arguments);
  void endTest();

  std::string dir_;
  std::string kubectl_;
  std::map<std::string, std::string> identities_;
  std::vector<std::string> namespaces_;  // of the running test
  int namespace_count_ = 0;
};

}  // namespace stowage::testing
