// StandIn: nodes whose pods run as processes of this machine (tests/controlplane/standin, which
// says what it needs and how it differs from a kubelet). It is built by the first one; a failure to
// build or start it ends the test program with a message. All processes end with the object, or
// with the test program. Not thread safe. Ownership: the control plane outlives it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "testing/controlplane/control_plane.h"
#include "testing/process/child_process.h"

namespace stowage::testing {

class StandIn {
 public:
  // "NAME[,LABEL=VALUE...]" of each node, and the programs of each image.
  using Images = std::map<std::string, std::vector<std::string>>;
  StandIn(ControlPlane& cluster, const std::vector<std::string>& nodes, const Images& images);
  ~StandIn();
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  // The node's processes end and it falls silent; both have happened when it returns.
  void kill(const std::string& node) { tell(node, "kill"); }
  // Its processes run on, and it hears and says nothing.
  void partition(const std::string& node) { tell(node, "partition"); }
  void restore(const std::string& node) { tell(node, "restore"); }

  // Addresses of a name, as pods of the namespace see it.
  [[nodiscard]] std::vector<std::string> resolve(const std::string& ns,
                                                 const std::string& name) const;
  // What a container has written so far, over all its restarts.
  [[nodiscard]] std::string log(const std::string& ns, const std::string& pod,
                                const std::string& container) const;
  // A file of one of those volumes of a pod that go with it.
  [[nodiscard]] std::string path(const std::string& pod_uid, const std::string& volume,
                                 const std::string& file) const;

 private:
  void tell(const std::string& node, const std::string& what) const;

  std::string root_;
  int port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

// "" when there is no such file.
std::string textOf(const std::string& path);

// The binary that the control plane itself uses.
std::string etcdProgram();

// A StorageClass (and its manifest's name) whose claims get folders that all nodes see.
inline constexpr const char* kFolders = R"({"apiVersion":"storage.k8s.io/v1","kind":"StorageClass",
  "metadata":{"name":"folders"},"provisioner":"standin.stowage.dev"})";

}  // namespace stowage::testing
