// What the client reads from outside: kubeconfigs, plugins' answers, addresses, headers, framing.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz/fuzz_target.h"
#include "k8sclient/config/base64.h"
#include "k8sclient/config/exec_credential.h"
#include "k8sclient/config/kubeconfig_file.h"
#include "k8sclient/rest/warnings.h"
#include "k8sclient/transport/server_url.h"
#include "k8sclient/watch/line_splitter.h"

namespace stowage {
namespace {

STOWAGE_FUZZ_TARGET(kubeconfig) {
  k8sclient::KubeconfigFiles merged;
  const base::Status status = k8sclient::mergeKubeconfig("/f/config", std::string(input), merged);
  if (!status.ok() && status.message().find("/f/config") == std::string::npos) {
    fuzz::broken("an error does not name its file", input);
  }
  for (const auto& [name, cluster] : merged.clusters) {
    const std::string& json = cluster.exec_extension_json;
    if (!json.empty() && !nlohmann::json::accept(json)) {
      fuzz::broken("the extension is no JSON", input);
    }
  }
}

STOWAGE_FUZZ_TARGET(exec_credential) {
  const auto got = k8sclient::parseExecCredential(input, "client.authentication.k8s.io/v1");
  if (got && got->token.empty() && got->client_cert_pem.empty()) {
    fuzz::broken("a credential without anything", input);
  }
}

STOWAGE_FUZZ_TARGET(server_url) {
  k8sclient::Endpoint first;
  if (!k8sclient::parseServerUrl(input, true, first).ok()) return;
  const bool v6 = first.host.find(':') != std::string::npos;
  const std::string again = fmt::format("{}://{}{}{}:{}{}", first.scheme, v6 ? "[" : "", first.host,
                                        v6 ? "]" : "", first.port, first.path_prefix);
  k8sclient::Endpoint second;
  if (!k8sclient::parseServerUrl(again, false, second).ok() || !(first == second)) {
    fuzz::broken("an address changed on its way", input);
  }
}

STOWAGE_FUZZ_TARGET(warning_header) {
  for (const std::string& text : k8sclient::parseWarnings(input)) {
    if (text.size() > input.size()) fuzz::broken("a text longer than its header", input);
  }
}

STOWAGE_FUZZ_TARGET(base64_text) {
  if (k8sclient::decodeBase64(k8sclient::encodeBase64(input)) != input) {
    fuzz::broken("bytes changed on their way", input);
  }
  (void)k8sclient::decodeBase64(input);
}

// The first byte says how the rest is cut; the lines must not depend on it.
STOWAGE_FUZZ_TARGET(watch_lines) {
  if (input.empty()) return;
  const std::size_t step = static_cast<unsigned char>(input.front()) % 17U + 1U;
  input.remove_prefix(1);
  const auto linesOf = [&](std::size_t size) {
    std::vector<std::string> lines;
    k8sclient::LineSplitter splitter(64);
    for (std::size_t at = 0; at < input.size(); at += size) {
      const auto verdict = splitter.feed(input.substr(at, size), [&](std::string_view line) {
        if (line.size() > 64) fuzz::broken("a line beyond the limit", input);
        lines.emplace_back(line);
        return true;
      });
      if (verdict != k8sclient::LineSplitter::Verdict::kContinue) break;
    }
    return lines;
  };
  if (linesOf(step) != linesOf(input.size() + 1)) fuzz::broken("lines depend on cuts", input);
}

}  // namespace
}  // namespace stowage
