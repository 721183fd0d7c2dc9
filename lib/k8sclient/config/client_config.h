// ClientConfig: which API server to talk to, as whom, as read from a kubeconfig or from a pod's
// environment. Files that may be rotated stay paths here; sessions.h reads and re-reads them.
// Thread safety: plain values. Secrets live in here: never log one whole.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::k8sclient {

// A credential plugin (KEP-541), api versions client.authentication.k8s.io/v1 and v1beta1.
struct ExecPlugin {
  enum class Interactive { kNever, kIfAvailable, kAlways };
  std::string api_version;
  std::string command;  // resolved against the kubeconfig's folder when it contains a '/'
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  // added to our own environment
  std::string install_hint;                              // shown when the command is missing
  Interactive interactive = Interactive::kIfAvailable;
  bool provide_cluster_info = false;
  std::string cluster_config_json;  // extension client.authentication.k8s.io/exec; "" when absent
};

struct Impersonation {
  std::string user;
  std::string uid;
  std::vector<std::string> groups;
  std::vector<std::pair<std::string, std::vector<std::string>>> extra;
};

struct ClientConfig {
  Endpoint endpoint;  // with the inline PEM data, if any
  // Read at start and checked again later; each overrides nothing inline.
  std::string ca_file;
  std::string client_cert_file;
  std::string client_key_file;
  // At most one way to authenticate by header; a readable token file wins over `token`.
  std::string token;
  std::string token_file;
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;
  Impersonation impersonate;
  std::string ns = "default";  // of the context, or of the pod
  std::string origin;          // for messages: "kubeconfig /a/b (context x)", "in-cluster"
};

// Environment variables by name; injected so that tests need not change the process's own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment processEnvironment();

// What `--kubeconfig` and the environment lead to: the flag's file alone (it must exist), else the
// files of $KUBECONFIG, else ~/.kube/config; when none of those gives anything, in-cluster.
// `context` overrides the current context unless empty; then it has to be a kubeconfig's.
// Errors are one line: kInvalidArgument (what is wrong and where), kNotFound (nothing configured),
// kUnsupported (understood but not offered, named).
base::Result<ClientConfig> loadClientConfig(const std::string& kubeconfig_flag,
                                            const Environment& environment,
                                            const std::string& context = {});

// The merge of kubeconfig files, first to last (Kubernetes docs "Organizing cluster access"): the
// first file that defines a cluster, user or context wins whole; the first current-context wins.
// Missing files are skipped unless `must_exist`. `context` overrides current-context unless empty.
base::Result<ClientConfig> loadKubeconfig(const std::vector<std::string>& paths, bool must_exist,
                                          const std::string& context = {});

// Service account of the pod we run in. `root` stands in for "/" in tests.
base::Result<ClientConfig> inClusterConfig(const Environment& environment,
                                           const std::string& root = {});
// Namespace of the pod: POD_NAMESPACE, the service account's file, "default".
std::string podNamespace(const Environment& environment, const std::string& root = {});

// Whole text of a regular file of at most `limit` bytes; kNotFound, kInvalidArgument.
base::Result<std::string> readFile(const std::string& path, std::size_t limit = 4U << 20);

}  // namespace stowage::k8sclient
