#include "k8sclient/config/kubeconfig_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <stdexcept>

#include "base/text.h"
#include "k8sclient/config/base64.h"

namespace stowage::k8sclient {

namespace {

// Limits on the one free-form part, the extension that is passed on to exec plugins.
constexpr int kMaxExtensionDepth = 32;
constexpr std::size_t kMaxExtensionBytes = 256 << 10;

// A mistake in the file; caught at the border of this file.
class BadFile : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string text(const YAML::Node& map, const char* key) {
  const YAML::Node value = map[key];
  if (!value || value.IsNull()) return {};
  if (!value.IsScalar()) throw BadFile(fmt::format("{} must be a string", key));
  return value.Scalar();
}

bool flag(const YAML::Node& map, const char* key) {
  const std::string value = text(map, key);
  if (value.empty() || value == "false") return false;
  if (value == "true") return true;
  throw BadFile(fmt::format("{} must be true or false", key));
}

std::vector<std::string> texts(const YAML::Node& map, const char* key) {
  std::vector<std::string> out;
  const YAML::Node list = map[key];
  if (!list || list.IsNull()) return out;
  if (!list.IsSequence()) throw BadFile(fmt::format("{} must be a list", key));
  for (const YAML::Node& item : list) {
    if (!item.IsScalar()) throw BadFile(fmt::format("{} must be a list of strings", key));
    out.push_back(item.Scalar());
  }
  return out;
}

std::string data(const YAML::Node& map, const char* key) {
  std::optional<std::string> decoded = decodeBase64(text(map, key));
  if (!decoded) throw BadFile(fmt::format("{} is not valid base64", key));
  return std::move(*decoded);
}

std::string resolve(const std::filesystem::path& folder, const std::string& path) {
  if (path.empty() || std::filesystem::path(path).is_absolute()) return path;
  return (folder / path).lexically_normal().string();
}

// JSON of a plain YAML value. Aliases may multiply it, hence the limits.
void appendJson(const YAML::Node& node, int depth, std::string& out) {
  if (depth > kMaxExtensionDepth || out.size() > kMaxExtensionBytes) {
    throw BadFile("extension client.authentication.k8s.io/exec is too large");
  }
  if (node.IsMap()) {
    out.push_back('{');
    for (auto it = node.begin(); it != node.end(); ++it) {
      if (it != node.begin()) out.push_back(',');
      base::appendJsonString(out, it->first.IsScalar() ? it->first.Scalar() : "");
      out.push_back(':');
      appendJson(it->second, depth + 1, out);
    }
    out.push_back('}');
  } else if (node.IsSequence()) {
    out.push_back('[');
    for (auto it = node.begin(); it != node.end(); ++it) {
      if (it != node.begin()) out.push_back(',');
      appendJson(*it, depth + 1, out);
    }
    out.push_back(']');
  } else if (node.IsScalar()) {
    bool truth = false;
    std::int64_t number = 0;
    const bool plain = node.Tag() != "!";  // "!" marks a quoted scalar
    if (plain && YAML::convert<bool>::decode(node, truth)) {
      out += truth ? "true" : "false";
    } else if (plain && YAML::convert<std::int64_t>::decode(node, number)) {
      out += std::to_string(number);
    } else {
      base::appendJsonString(out, node.Scalar());
    }
  } else {
    out += "null";
  }
}

std::string execExtension(const YAML::Node& cluster) {
  std::string json;
  const YAML::Node extensions = cluster["extensions"];
  if (!extensions || !extensions.IsSequence()) return json;
  for (const YAML::Node& item : extensions) {
    if (!item.IsMap() || text(item, "name") != "client.authentication.k8s.io/exec") continue;
    if (item["extension"]) appendJson(item["extension"], 0, json);
  }
  return json;
}

KubeconfigCluster readCluster(const YAML::Node& node, const std::filesystem::path& folder) {
  KubeconfigCluster cluster;
  cluster.server = text(node, "server");
  cluster.tls_server_name = text(node, "tls-server-name");
  cluster.insecure = flag(node, "insecure-skip-tls-verify");
  cluster.ca_file = resolve(folder, text(node, "certificate-authority"));
  cluster.ca_data = data(node, "certificate-authority-data");
  cluster.proxy_url = text(node, "proxy-url");
  cluster.exec_extension_json = execExtension(node);
  return cluster;
}

ExecPlugin readExec(const YAML::Node& node, const std::filesystem::path& folder) {
  ExecPlugin exec;
  exec.api_version = text(node, "apiVersion");
  exec.command = text(node, "command");
  // A bare name is looked up in $PATH, not in the folder (client-go clientcmd/loader.go).
  if (exec.command.find('/') != std::string::npos) exec.command = resolve(folder, exec.command);
  exec.args = texts(node, "args");
  exec.install_hint = text(node, "installHint");
  exec.provide_cluster_info = flag(node, "provideClusterInfo");
  const YAML::Node env = node["env"];
  if (env && env.IsSequence()) {
    for (const YAML::Node& item : env) {
      if (!item.IsMap()) throw BadFile("env must be a list of name and value");
      exec.env.emplace_back(text(item, "name"), text(item, "value"));
    }
  }
  return exec;
}

KubeconfigUser readUser(const YAML::Node& node, const std::filesystem::path& folder) {
  KubeconfigUser user;
  user.token = text(node, "token");
  user.token_file = resolve(folder, text(node, "tokenFile"));
  user.client_cert_file = resolve(folder, text(node, "client-certificate"));
  user.client_cert_data = data(node, "client-certificate-data");
  user.client_key_file = resolve(folder, text(node, "client-key"));
  user.client_key_data = data(node, "client-key-data");
  user.username = text(node, "username");
  user.password = text(node, "password");
  user.impersonate.user = text(node, "as");
  user.impersonate.uid = text(node, "as-uid");
  user.impersonate.groups = texts(node, "as-groups");
  const YAML::Node extra = node["as-user-extra"];
  if (extra && extra.IsMap()) {
    for (const auto& item : extra) {
      const std::string key = item.first.Scalar();
      user.impersonate.extra.emplace_back(key, texts(extra, key.c_str()));
    }
  }
  const YAML::Node provider = node["auth-provider"];
  if (provider && provider.IsMap()) user.auth_provider = text(provider, "name");
  const YAML::Node exec = node["exec"];
  if (exec && exec.IsMap()) {
    user.exec = readExec(exec, folder);
    user.interactive_mode = text(exec, "interactiveMode");
  }
  return user;
}

// One of the three lists of named things; `part` is the key below which the thing is.
template <typename T, typename Read>
void readList(const YAML::Node& root, const char* list, const char* part, Read&& read,
              std::map<std::string, T>& merged) {
  const YAML::Node items = root[list];
  if (!items || items.IsNull()) return;
  if (!items.IsSequence()) throw BadFile(fmt::format("{} must be a list", list));
  std::map<std::string, T> here;
  for (const YAML::Node& item : items) {
    if (!item.IsMap()) throw BadFile(fmt::format("{}: an entry is not a map", list));
    const std::string name = text(item, "name");
    const YAML::Node body = item[part];
    try {
      if (body && !body.IsNull() && !body.IsMap()) throw BadFile("must be a map");
      T value = body && body.IsMap() ? read(body) : T{};
      if (!here.emplace(name, std::move(value)).second) throw BadFile("is defined twice");
    } catch (const BadFile& bad) {
      throw BadFile(fmt::format("{} \"{}\": {}", part, name, bad.what()));
    }
  }
  merged.merge(here);  // keeps what an earlier file defined
}

void readRoot(const YAML::Node& root, const std::string& path, KubeconfigFiles& merged) {
  if (!root.IsMap()) throw BadFile("not a map");
  const std::string kind = text(root, "kind");
  const std::string version = text(root, "apiVersion");
  if ((!kind.empty() && kind != "Config") || (!version.empty() && version != "v1")) {
    throw BadFile("not of kind Config in version v1");
  }
  const std::filesystem::path folder =
      std::filesystem::absolute(std::filesystem::path(path)).parent_path();
  const auto cluster = [&](const YAML::Node& node) { return readCluster(node, folder); };
  const auto user = [&](const YAML::Node& node) { return readUser(node, folder); };
  const auto context = [](const YAML::Node& node) {
    return KubeconfigContext{text(node, "cluster"), text(node, "user"), text(node, "namespace")};
  };
  readList(root, "clusters", "cluster", cluster, merged.clusters);
  readList(root, "users", "user", user, merged.users);
  readList(root, "contexts", "context", context, merged.contexts);
  if (merged.current_context.empty()) merged.current_context = text(root, "current-context");
}

}  // namespace

base::Status mergeKubeconfig(const std::string& path, const std::string& content,
                             KubeconfigFiles& merged) {
  const auto bad = [&](std::string_view what) {
    return base::Status(base::Code::kInvalidArgument, fmt::format("kubeconfig {}: {}", path, what));
  };
  merged.read.push_back(path);
  try {
    const YAML::Node root = YAML::Load(content);
    if (root.IsNull()) return {};  // an empty file defines nothing
    readRoot(root, path, merged);
  } catch (const BadFile& error) {
    return bad(error.what());
  } catch (const YAML::Exception& error) {
    return bad(fmt::format("line {}, column {}: {}", error.mark.line + 1, error.mark.column + 1,
                           error.msg));
  } catch (const std::exception& error) {
    return bad(error.what());
  }
  return {};
}

}  // namespace stowage::k8sclient
