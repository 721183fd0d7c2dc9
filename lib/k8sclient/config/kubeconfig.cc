#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "k8sclient/config/client_config.h"
#include "k8sclient/config/kubeconfig_file.h"
#include "k8sclient/transport/server_url.h"

namespace stowage::k8sclient {

namespace {

base::Status invalid(std::string text) { return {base::Code::kInvalidArgument, std::move(text)}; }

base::Status useCluster(const KubeconfigCluster& cluster, bool client_certificate,
                        ClientConfig& config) {
  if (cluster.server.empty()) return invalid("no server");
  const bool has_ca = !cluster.ca_file.empty() || !cluster.ca_data.empty();
  if (has_ca && cluster.insecure) {
    return invalid("insecure-skip-tls-verify is not allowed together with certificate-authority");
  }
  const bool tls = has_ca || cluster.insecure || client_certificate;
  if (base::Status s = parseServerUrl(cluster.server, tls, config.endpoint); !s.ok()) {
    return s.withPrefix(fmt::format("server {}", cluster.server));
  }
  if (base::Status s = checkProxyUrl(cluster.proxy_url); !s.ok()) return s;
  config.endpoint.proxy_url = cluster.proxy_url;
  config.endpoint.tls_server_name = cluster.tls_server_name;
  config.endpoint.insecure_skip_verify = cluster.insecure;
  config.endpoint.ca_pem = cluster.ca_data;
  if (cluster.ca_data.empty()) config.ca_file = cluster.ca_file;
  return {};
}

base::Status useExec(const KubeconfigUser& user, const KubeconfigCluster& cluster,
                     ClientConfig& config) {
  ExecPlugin exec = *user.exec;
  if (exec.command.empty()) return invalid("exec: command is missing");
  const bool v1 = exec.api_version == "client.authentication.k8s.io/v1";
  if (exec.api_version == "client.authentication.k8s.io/v1alpha1") {
    return {base::Code::kUnsupported,
            "exec: apiVersion client.authentication.k8s.io/v1alpha1 was removed; use v1"};
  }
  if (!v1 && exec.api_version != "client.authentication.k8s.io/v1beta1") {
    return invalid(fmt::format("exec: unknown apiVersion \"{}\"", exec.api_version));
  }
  const std::string& mode = user.interactive_mode;
  if (mode == "Never") {
    exec.interactive = ExecPlugin::Interactive::kNever;
  } else if (mode == "IfAvailable" || (mode.empty() && !v1)) {
    exec.interactive = ExecPlugin::Interactive::kIfAvailable;
  } else if (mode == "Always") {
    exec.interactive = ExecPlugin::Interactive::kAlways;
  } else if (mode.empty()) {
    return invalid("exec: interactiveMode is required with client.authentication.k8s.io/v1");
  } else {
    return invalid(fmt::format("exec: unknown interactiveMode \"{}\"", mode));
  }
  for (const auto& [name, value] : exec.env) {
    if (name.empty() || name.find('=') != std::string::npos) {
      return invalid("exec: env has an entry without a valid name");
    }
  }
  exec.cluster_config_json = cluster.exec_extension_json;
  config.exec = std::move(exec);
  return {};
}

base::Status useUser(const KubeconfigUser& user, const KubeconfigCluster& cluster,
                     ClientConfig& config) {
  if (!user.auth_provider.empty()) {
    return {base::Code::kUnsupported,
            fmt::format("auth-provider \"{}\" was removed from Kubernetes clients; use an exec "
                        "credential plugin",
                        user.auth_provider)};
  }
  if (!user.client_cert_file.empty() && !user.client_cert_data.empty()) {
    return invalid("client-certificate and client-certificate-data are both given");
  }
  if (!user.client_key_file.empty() && !user.client_key_data.empty()) {
    return invalid("client-key and client-key-data are both given");
  }
  const bool has_cert = !user.client_cert_file.empty() || !user.client_cert_data.empty();
  const bool has_key = !user.client_key_file.empty() || !user.client_key_data.empty();
  if (has_cert != has_key) return invalid("client certificate and client key are needed together");
  const bool has_token = !user.token.empty() || !user.token_file.empty();
  const bool has_basic = !user.username.empty() || !user.password.empty();
  if (has_token && has_basic) return invalid("a token and a password are both given");
  const Impersonation& as = user.impersonate;
  if (as.user.empty() && (!as.uid.empty() || !as.groups.empty() || !as.extra.empty())) {
    return invalid("as-uid, as-groups and as-user-extra need as");
  }
  config.client_cert_file = user.client_cert_file;
  config.client_key_file = user.client_key_file;
  config.endpoint.client_cert_pem = user.client_cert_data;
  config.endpoint.client_key_pem = user.client_key_data;
  config.token = user.token;
  config.token_file = user.token_file;
  config.username = user.username;
  config.password = user.password;
  config.impersonate = user.impersonate;
  return user.exec ? useExec(user, cluster, config) : base::Status();
}

base::Result<ClientConfig> selectContext(const KubeconfigFiles& files, const std::string& wanted) {
  const std::string& name = wanted.empty() ? files.current_context : wanted;
  const std::string place = fmt::format("kubeconfig {}", fmt::join(files.read, ":"));
  const auto bad = [&](const base::Status& status) { return base::fail(status.withPrefix(place)); };
  if (name.empty()) return bad(invalid("current-context is not set"));
  const auto context = files.contexts.find(name);
  if (context == files.contexts.end()) {
    return bad(invalid(fmt::format("context \"{}\" does not exist", name)));
  }
  const auto cluster = files.clusters.find(context->second.cluster);
  if (cluster == files.clusters.end()) {
    return bad(invalid(fmt::format("context \"{}\": cluster \"{}\" does not exist", name,
                                   context->second.cluster)));
  }
  KubeconfigUser user;
  if (!context->second.user.empty()) {
    const auto found = files.users.find(context->second.user);
    if (found == files.users.end()) {
      return bad(invalid(
          fmt::format("context \"{}\": user \"{}\" does not exist", name, context->second.user)));
    }
    user = found->second;
  }
  ClientConfig config;
  config.origin = fmt::format("{} (context {})", place, name);
  if (!context->second.ns.empty()) config.ns = context->second.ns;
  const bool client_certificate = !user.client_cert_file.empty() || !user.client_cert_data.empty();
  if (base::Status s = useCluster(cluster->second, client_certificate, config); !s.ok()) {
    return bad(s.withPrefix(fmt::format("cluster \"{}\"", context->second.cluster)));
  }
  if (base::Status s = useUser(user, cluster->second, config); !s.ok()) {
    return bad(s.withPrefix(fmt::format("user \"{}\"", context->second.user)));
  }
  return config;
}

std::vector<std::string> splitPaths(const std::string& list) {
  std::vector<std::string> paths;
  std::size_t at = 0;
  while (at <= list.size()) {
    const std::size_t colon = std::min(list.find(':', at), list.size());
    const std::string path = list.substr(at, colon - at);
    if (!path.empty() && std::find(paths.begin(), paths.end(), path) == paths.end()) {
      paths.push_back(path);
    }
    at = colon + 1;
  }
  return paths;
}

}  // namespace

base::Result<ClientConfig> loadKubeconfig(const std::vector<std::string>& paths, bool must_exist,
                                          const std::string& context) {
  KubeconfigFiles merged;
  for (const std::string& path : paths) {
    const base::Result<std::string> text = readFile(path);
    if (!text) {
      if (text.error().code() == base::Code::kNotFound && !must_exist) continue;
      return base::fail(text.error().withPrefix("kubeconfig"));
    }
    if (base::Status status = mergeKubeconfig(path, *text, merged); !status.ok()) {
      return base::fail(status);
    }
  }
  const bool empty = merged.clusters.empty() && merged.users.empty() && merged.contexts.empty() &&
                     merged.current_context.empty();
  if (empty && !must_exist) return base::fail(base::Code::kNotFound, "no kubeconfig");
  return selectContext(merged, context);
}

base::Result<ClientConfig> loadClientConfig(const std::string& kubeconfig_flag,
                                            const Environment& environment,
                                            const std::string& context) {
  if (!kubeconfig_flag.empty()) return loadKubeconfig({kubeconfig_flag}, true, context);
  const std::string variable = environment("KUBECONFIG").value_or("");
  std::vector<std::string> paths = splitPaths(variable);
  const bool from_variable = !paths.empty();
  if (!from_variable) {
    if (const auto home = environment("HOME")) paths.push_back(*home + "/.kube/config");
  }
  base::Result<ClientConfig> config = loadKubeconfig(paths, false, context);
  if (config || config.error().code() != base::Code::kNotFound) return config;
  if (!context.empty()) {
    return base::fail(base::Code::kNotFound,
                      fmt::format("context \"{}\": no kubeconfig to look it up in", context));
  }
  config = inClusterConfig(environment);
  if (config || config.error().code() != base::Code::kNotFound) return config;
  if (from_variable) {
    return base::fail(
        base::Code::kNotFound,
        fmt::format("KUBECONFIG={}: no kubeconfig there, and not inside a pod", variable));
  }
  return base::fail(base::Code::kNotFound,
                    "no API server configured: pass --kubeconfig, set KUBECONFIG, create "
                    "~/.kube/config, or run inside a pod");
}

}  // namespace stowage::k8sclient
