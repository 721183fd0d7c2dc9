#include "k8sclient/config/exec_credential.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "k8sclient/config/base64.h"
#include "k8sclient/config/child_process.h"

namespace stowage::k8sclient {

namespace {

base::Status invalid(std::string_view what) {
  return {base::Code::kInvalidArgument, std::string(what)};
}

// nlohmann recurses while parsing only through its own explicit stack, but destroys deep values
// recursively: refuse them while parsing.
constexpr int kMaxDepth = 64;

nlohmann::json parseBounded(std::string_view text) {
  bool deep = false;
  const auto watch = [&deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    deep = deep || depth > kMaxDepth;
    return depth <= kMaxDepth;
  };
  nlohmann::json json = nlohmann::json::parse(text, watch, /*allow_exceptions=*/false);
  return deep ? nlohmann::json(nlohmann::json::value_t::discarded) : json;
}

std::string textAt(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string serverUrl(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}{}", endpoint.scheme, v6 ? "[" : "", endpoint.host,
                     v6 ? "]" : "", endpoint.port, endpoint.path_prefix);
}

}  // namespace

base::Result<ExecCredential> parseExecCredential(std::string_view output,
                                                 const std::string& api_version) {
  const nlohmann::json json = parseBounded(output);
  if (json.is_discarded() || !json.is_object()) return base::fail(invalid("output is not JSON"));
  if (textAt(json, "kind") != "ExecCredential") {
    return base::fail(invalid("output is not an ExecCredential"));
  }
  const std::string version = textAt(json, "apiVersion");
  if (version != api_version) {
    return base::fail(invalid(fmt::format("apiVersion is \"{}\", expected \"{}\"",
                                          base::utf8Prefix(version, 100), api_version)));
  }
  const auto status = json.find("status");
  if (status == json.end() || !status->is_object()) return base::fail(invalid("no status"));
  ExecCredential credential;
  credential.token = textAt(*status, "token");
  credential.client_cert_pem = textAt(*status, "clientCertificateData");
  credential.client_key_pem = textAt(*status, "clientKeyData");
  if (credential.client_cert_pem.empty() != credential.client_key_pem.empty()) {
    return base::fail(invalid("clientCertificateData and clientKeyData are needed together"));
  }
  if (credential.token.empty() && credential.client_cert_pem.empty()) {
    return base::fail(invalid("neither a token nor a client certificate"));
  }
  if (const auto expiry = status->find("expirationTimestamp");
      expiry != status->end() && !expiry->is_null()) {
    if (expiry->is_string()) credential.expires = base::parseTime(expiry->get<std::string>());
    if (!credential.expires) return base::fail(invalid("expirationTimestamp is no RFC 3339 time"));
  }
  return credential;
}

std::string execInfo(const ExecPlugin& plugin, const Endpoint& endpoint, bool interactive) {
  std::string info = R"({"kind":"ExecCredential","apiVersion":)";
  base::appendJsonString(info, plugin.api_version);
  info += R"(,"spec":{"interactive":)";
  info += interactive ? "true" : "false";
  if (plugin.provide_cluster_info) {
    info += R"(,"cluster":{"server":)";
    base::appendJsonString(info, serverUrl(endpoint));
    if (!endpoint.tls_server_name.empty()) {
      info += R"(,"tls-server-name":)";
      base::appendJsonString(info, endpoint.tls_server_name);
    }
    if (endpoint.insecure_skip_verify) info += R"(,"insecure-skip-tls-verify":true)";
    if (!endpoint.ca_pem.empty()) {
      info += R"(,"certificate-authority-data":)";
      base::appendJsonString(info, encodeBase64(endpoint.ca_pem));
    }
    if (!endpoint.proxy_url.empty()) {
      info += R"(,"proxy-url":)";
      base::appendJsonString(info, endpoint.proxy_url);
    }
    if (!plugin.cluster_config_json.empty()) info += ",\"config\":" + plugin.cluster_config_json;
    info += "}";
  }
  return info + "}}";
}

base::Result<ExecCredential> runExecPlugin(const ExecPlugin& plugin, const Endpoint& endpoint,
                                           const ExecLimits& limits, const std::stop_token& stop) {
  const std::string name = fmt::format("exec plugin {}", plugin.command);
  const bool terminal = isatty(STDIN_FILENO) == 1;
  const bool interactive = terminal && plugin.interactive != ExecPlugin::Interactive::kNever;
  if (plugin.interactive == ExecPlugin::Interactive::kAlways && !terminal) {
    return base::fail(invalid(name + ": needs a terminal (interactiveMode Always)"));
  }
  ChildProcess child;
  child.command = plugin.command;
  child.args = plugin.args;
  child.env = plugin.env;
  child.env.emplace_back("KUBERNETES_EXEC_INFO", execInfo(plugin, endpoint, interactive));
  child.share_stdin = interactive;
  const base::Result<std::string> output = runChild(child, limits.timeout, limits.max_output, stop);
  if (!output) {
    base::Status status = output.error().withPrefix(name);
    if (status.code() == base::Code::kNotFound && !plugin.install_hint.empty()) {
      status = {status.code(), status.message() + "; " + plugin.install_hint};
    }
    return base::fail(status);
  }
  base::Result<ExecCredential> credential = parseExecCredential(*output, plugin.api_version);
  if (!credential) return base::fail(credential.error().withPrefix(name));
  return credential;
}

}  // namespace stowage::k8sclient
