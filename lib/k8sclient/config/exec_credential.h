// Credential plugins: programs that print an ExecCredential object (KEP-541; client-go
// plugin/pkg/client/auth/exec). Running one is bounded in time and output.
// Thread safety: free functions; any thread.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "k8sclient/config/client_config.h"

namespace stowage::k8sclient {

// What a plugin gave: a token, a client certificate with its key, or both. Secret.
struct ExecCredential {
  std::string token;
  std::string client_cert_pem;
  std::string client_key_pem;
  std::optional<base::WallTime> expires;  // absent: good until the server refuses it
};

struct ExecLimits {
  base::Duration timeout = std::chrono::seconds(60);
  std::size_t max_output = 1U << 20;  // bytes of standard output
};

// The plugin's standard output as a credential; errors name what is wrong, never the content.
base::Result<ExecCredential> parseExecCredential(std::string_view output,
                                                 const std::string& api_version);

// The value of KUBERNETES_EXEC_INFO. `endpoint` is told when the plugin asks for cluster info.
std::string execInfo(const ExecPlugin& plugin, const Endpoint& endpoint, bool interactive);

// Runs the plugin and waits for it. Its standard error is ours. It is killed, with its process
// group, at the time limit, at the output limit or when `stop` is requested.
base::Result<ExecCredential> runExecPlugin(const ExecPlugin& plugin, const Endpoint& endpoint,
                                           const ExecLimits& limits, const std::stop_token& stop);

}  // namespace stowage::k8sclient
