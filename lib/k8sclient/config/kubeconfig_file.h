// KubeconfigFiles: the raw entries of one or more kubeconfig files after the merge, before they are
// checked. Only the fields that Stowage acts on are kept; unknown keys are ignored.
// Thread safety: plain values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "k8sclient/config/client_config.h"

namespace stowage::k8sclient {

struct KubeconfigCluster {
  std::string server, tls_server_name, ca_file, ca_data, proxy_url, exec_extension_json;
  bool insecure = false;
};

struct KubeconfigUser {
  std::string token, token_file, client_cert_file, client_cert_data, client_key_file,
      client_key_data, username, password, auth_provider;
  Impersonation impersonate;
  std::optional<ExecPlugin> exec;
  std::string interactive_mode;  // as written; checked when the user is used
};

struct KubeconfigContext {
  std::string cluster, user, ns;
};

struct KubeconfigFiles {
  std::map<std::string, KubeconfigCluster> clusters;
  std::map<std::string, KubeconfigUser> users;
  std::map<std::string, KubeconfigContext> contexts;
  std::string current_context;
  std::vector<std::string> read;  // paths of the files that were there
};

// Adds what `text` defines and `merged` does not have yet. `path` is for messages and its folder is
// what relative file names stand on. Errors name the path.
base::Status mergeKubeconfig(const std::string& path, const std::string& text,
                             KubeconfigFiles& merged);

}  // namespace stowage::k8sclient
