#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "k8sclient/config/client_config.h"
#include "k8sclient/transport/server_url.h"

namespace stowage::k8sclient {

namespace {

constexpr const char* kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

}  // namespace

Environment processEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

base::Result<std::string> readFile(const std::string& path, std::size_t limit) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return base::fail(missing ? base::Code::kNotFound : base::Code::kInvalidArgument,
                      path + ": " + std::strerror(errno));
  }
  if (S_ISDIR(info.st_mode)) return base::fail(base::Code::kInvalidArgument, path + ": a folder");
  if (static_cast<std::size_t>(info.st_size) > limit) {
    return base::fail(base::Code::kInvalidArgument, path + ": too large");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::fail(base::Code::kInvalidArgument, path + ": " + std::strerror(errno));
  std::string text;
  std::array<char, 16 << 10> piece{};
  // The size may change while we read, and special files say 0: read until the end or the limit.
  while (file && text.size() <= limit) {
    file.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (text.size() > limit) return base::fail(base::Code::kInvalidArgument, path + ": too large");
  return text;
}

std::string podNamespace(const Environment& environment, const std::string& root) {
  if (const auto ns = environment("POD_NAMESPACE"); ns && !ns->empty()) return *ns;
  const auto text = readFile(root + kServiceAccount + "/namespace", 4096);
  const std::string ns = text ? trimmed(*text) : std::string();
  return ns.empty() ? "default" : ns;
}

base::Result<ClientConfig> inClusterConfig(const Environment& environment,
                                           const std::string& root) {
  const std::string host = environment("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = environment("KUBERNETES_SERVICE_PORT").value_or("");
  if (host.empty() || port.empty()) {
    return base::fail(base::Code::kNotFound,
                      "not in a cluster: KUBERNETES_SERVICE_HOST and _PORT are not set");
  }
  ClientConfig config;
  config.origin = "in-cluster";
  const bool v6 = host.find(':') != std::string::npos;
  const std::string url = "https://" + (v6 ? "[" + host + "]" : host) + ":" + port;
  if (base::Status status = parseServerUrl(url, true, config.endpoint); !status.ok()) {
    return base::fail(status.withPrefix("in-cluster: KUBERNETES_SERVICE_HOST/PORT"));
  }
  config.token_file = root + kServiceAccount + "/token";
  config.ca_file = root + kServiceAccount + "/ca.crt";
  const auto token = readFile(config.token_file);
  if (!token) return base::fail(token.error().withPrefix("in-cluster"));
  config.ns = podNamespace(environment, root);
  return config;
}

}  // namespace stowage::k8sclient
