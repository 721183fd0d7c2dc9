#include "cmd/etcd-agent/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/version.h"
#include "k8sclient/config/client_config.h"
#include "kubeapi/hooks.h"

namespace stowage::etcd_agent {

namespace {

constexpr const char* kProgram = "stowage-etcd-agent";
constexpr int kMaxReplicas = 32;

constexpr const char* kDescription =
    "Runs beside an etcd member in a StatefulGroup and answers the operator: which role the "
    "member\n"
    "has, whether it may go down, to hand the leadership over, to join, to leave, whether it has\n"
    "caught up. It talks to etcd over its JSON gateway and keeps no state.";

constexpr const char* kFooter =
    "What it answers, over HTTPS, to POSTs of {\"operationId\", \"pod\", \"podUID\"} "
    "(docs/hooks.md):\n"
    "  GET /v1/role            leader, follower or learner, with the raft term\n"
    "  POST /v1/pre-disruption 200 when the other voters hold the quorum without the member\n"
    "  POST /v1/switchover     moves the leadership to a voter that has caught up\n"
    "  POST /v1/join           promotes this member, a learner, once it has caught up\n"
    "  POST /v1/leave          removes the member that is named, also one that is down\n"
    "  POST /v1/post-restart   200 when this member has caught up and nothing raises an alarm\n"
    "  GET /livez, /readyz     for anybody; all else needs the operator's token\n\n"
    "and to other agents: GET /v1/peer, whether etcd has ever run on this member's volume.\n\n"
    "Examples:\n"
    "  # before etcd, in an init container after the agent's own (a sidecar)\n"
    "  stowage-etcd-agent init --etcd-config /etc/etcd/etcd.yaml\n"
    "  # in a pod of a StatefulGroup; the rest comes from the environment\n"
    "  stowage-etcd-agent --operator-account stowage-system:stowage-operator\n"
    "  # by hand, beside an etcd on this machine\n"
    "  stowage-etcd-agent --name etcd-0 --listen 127.0.0.1:7070 --insecure-any-token\n"
    "  curl -k -H 'Authorization: Bearer x' https://127.0.0.1:7070/v1/role\n\n"
    "Environment: POD_NAME, POD_NAMESPACE, STOWAGE_PEERS_SERVICE (set in pods of StatefulGroups).\n"
    "Exit codes: 0 stopped by a signal, 1 failed, 2 wrong command line or configuration.";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

void addMemberFlags(CLI::App& app, Options& options) {
  app.add_option("--name", options.name,
                 "this member's name in etcd: its pod's (default: $POD_NAME)");
  app.add_option("--peer-domain", options.peer_domain,
                 "where members are found: NAME.DOMAIN is a member, DOMAIN has all addresses "
                 "(default: $STOWAGE_PEERS_SERVICE.<own namespace>.svc)")
      ->type_name("DOMAIN");
  app.add_option("--member", options.members,
                 "host of one member, before --peer-domain; repeatable")
      ->type_name("NAME=HOST");
  app.add_option("--initial-size", options.initial_size, "members that found the cluster")
      ->check(program::wholeNumber(1, 9))
      ->capture_default_str();
  app.add_option("--first-ordinal", options.first_ordinal, "ordinal of the first of them")
      ->check(program::wholeNumber(0, 1000000))
      ->capture_default_str();
  app.add_option("--cluster-token", options.cluster_token,
                 "what the cluster is called (default: <own namespace>/<name without its number>)");
  app.add_option("--data-dir", options.data_dir, "folder of etcd's data")
      ->type_name("FOLDER")
      ->capture_default_str();
  app.add_option("--agent-port", options.agent_port, "port of all members' agents")
      ->check(program::wholeNumber(1, 65535))
      ->capture_default_str();
}

void addInit(CLI::App& app, Options& options) {
  CLI::App* init = app.add_subcommand(
      "init",
      "Before etcd starts: founds the cluster with the other founders, or joins it as a learner,\n"
      "or goes on with what the volume has; then writes etcd's configuration and ends. Other "
      "members\n"
      "have to find this one's agent running. Takes the flags above, too, for members and etcd.");
  init->fallthrough();
  init->callback([&options] { options.mode = Options::Mode::kInit; });
  init->add_option("--etcd-config", options.etcd_config, "file to write for etcd --config-file")
      ->type_name("FILE")
      ->required();
  init->add_option("--etcd-base-config", options.etcd_base_config,
                   "etcd's configuration apart from names, addresses and members, in YAML")
      ->type_name("FILE");
  init->add_option("--etcd-listen", options.etcd_listen, "address that etcd listens on")
      ->capture_default_str();
  init->add_option(
          "--replicas-file", options.replicas_file,
          "says how many members the shard has (annotation stowage.dev/replicas, by a "
          "downwardAPI volume): so many are heard before a cluster is founded, if they are "
          "more than --initial-size")
      ->type_name("FILE");
  init->add_option("--patience-seconds", options.patience_seconds, "when to give up and end with 1")
      ->check(program::wholeNumber(1, 86400))
      ->capture_default_str();
}

void addEtcdFlags(CLI::App& app, Options& options) {
  app.add_option("--etcd", options.etcd_url, "client URL of this member's etcd")
      ->type_name("URL")
      ->capture_default_str();
  app.add_option("--etcd-scheme", options.scheme, "of the members' URLs: http or https")
      ->check(CLI::IsMember({"http", "https"}))
      ->capture_default_str();
  app.add_option("--etcd-client-port", options.client_port, "client port of all members")
      ->check(program::wholeNumber(1, 65535))
      ->capture_default_str();
  app.add_option("--etcd-peer-port", options.peer_port, "peer port of all members")
      ->check(program::wholeNumber(1, 65535))
      ->capture_default_str();
  app.add_option("--etcd-ca-file", options.etcd_ca_file, "whom to trust as etcd")
      ->type_name("FILE");
  app.add_option("--etcd-cert-file", options.etcd_cert_file, "certificate to show to etcd")
      ->type_name("FILE");
  app.add_option("--etcd-key-file", options.etcd_key_file, "key of --etcd-cert-file")
      ->type_name("FILE");
  app.add_option("--max-lag", options.max_lag,
                 "entries that a member may be behind and count as caught up")
      ->capture_default_str();
}

void addServingFlags(CLI::App& app, Options& options) {
  app.add_option("--listen", options.listen, "where to serve HTTPS")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  app.add_option("--tls-cert-file", options.tls_cert_file,
                 "certificate to serve with (default: a self-signed one, in memory)")
      ->type_name("FILE");
  app.add_option("--tls-private-key-file", options.tls_key_file, "key of --tls-cert-file")
      ->type_name("FILE");
  app.add_option("--operator-account", options.operator_account,
                 "service account of the operator, who alone may ask")
      ->type_name("NAMESPACE:NAME")
      ->check([](const std::string& text) {
        return kubeapi::hooks::parseServiceAccount(text) ? ""
                                                         : "\"" + text + "\" is not NAMESPACE:NAME";
      });
  app.add_option("--audience", options.audience,
                 "audience of its tokens (default: stowage-hooks.<own namespace>)");
  app.add_option("--kubeconfig", options.kubeconfig,
                 "whom to ask about tokens (default: the pod's own service account; it may create "
                 "tokenreviews)")
      ->type_name("FILE");
  app.add_flag("--insecure-any-token", options.any_token,
               "answer whoever sends any token, instead of --operator-account: for trials only, "
               "since it can take the shard's quorum")
      ->check(program::trueOrFalse());
}

void addLogFlags(CLI::App& app, Options& options) {
  app.add_option("--logging-format", options.logging_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_option("-v,--v", options.verbosity, "log verbosity: 0 info, 1 and more debug")
      ->check(program::wholeNumber(0, program::kMaxVerbosity))
      ->capture_default_str();
}

program::EarlyExit wrong(const std::string& what) {
  return program::wrongCommandLine(kProgram, what);
}

base::Status invalid(std::string what) { return {base::Code::kInvalidArgument, std::move(what)}; }

base::Result<int> replicasOf(const Options& options) {
  if (options.replicas_file.empty()) return 0;
  const auto text = k8sclient::readFile(options.replicas_file, 64);
  if (!text) return base::fail(text.error());
  int replicas = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), replicas);
  if (error != std::errc() || replicas < 0)
    return base::fail(invalid("--replicas-file " + options.replicas_file + " has no number in it"));
  return std::min(replicas, kMaxReplicas);
}

}  // namespace

std::variant<Options, program::EarlyExit> parseOptions(int argc, const char* const* argv) {
  Options options;
  CLI::App app(kDescription, kProgram);
  app.footer(kFooter);
  app.set_version_flag("--version", base::versionLine(kProgram), "print version and commit");
  addMemberFlags(app, options);
  addEtcdFlags(app, options);
  addServingFlags(app, options);
  addLogFlags(app, options);
  addInit(app, options);
  if (auto early = program::parseCommandLine(app, options, kProgram, argc, argv)) return *early;
  if (options.name.empty()) options.name = environment("POD_NAME");
  if (!parsePodName(options.name))
    return wrong(
        fmt::format("--name \"{}\" (or $POD_NAME) is not the name of a member's pod, which "
                    "ends with its number",
                    options.name));
  if (options.mode == Options::Mode::kServe && options.operator_account.empty() &&
      !options.any_token)
    return wrong("--operator-account NAMESPACE:NAME is needed: it says who may ask");
  if (options.etcd_cert_file.empty() != options.etcd_key_file.empty())
    return wrong("--etcd-cert-file and --etcd-key-file go together: give both or none");
  return options;
}

base::Result<ListenOptions> listenOptions(const Options& options) {
  const std::string_view text = options.listen;
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return base::fail(invalid("--listen " + options.listen + " is not ADDRESS:PORT"));
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size())
    return base::fail(
        invalid("--listen " + options.listen + ": the port is no number up to 65535"));
  return ListenOptions{address.empty() ? "0.0.0.0" : std::string(address), port,
                       options.tls_cert_file, options.tls_key_file};
}

base::Result<PeerOptions> peerOptions(const Options& options, const std::string& ns) {
  PeerOptions peers;
  peers.name = options.name;
  peers.domain = options.peer_domain;
  if (const std::string service = environment("STOWAGE_PEERS_SERVICE");
      peers.domain.empty() && !service.empty())
    peers.domain = fmt::format("{}.{}.svc", service, ns);
  for (const std::string& member : options.members) {
    const auto equals = member.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == member.size())
      return base::fail(invalid("--member " + member + " is not NAME=HOST"));
    peers.hosts[member.substr(0, equals)] = member.substr(equals + 1);
  }
  peers.first_ordinal = options.first_ordinal;
  peers.initial_size = options.initial_size;
  const auto replicas = replicasOf(options);
  if (!replicas) return base::fail(replicas.error());
  peers.replicas = *replicas;
  peers.scheme = options.scheme;
  peers.client_port = options.client_port;
  peers.peer_port = options.peer_port;
  peers.agent_port = options.agent_port;
  return peers;
}

std::string clusterToken(const Options& options, const std::string& ns) {
  if (!options.cluster_token.empty()) return options.cluster_token;
  return ns + "/" + parsePodName(options.name).value_or(PodName()).prefix;
}

}  // namespace stowage::etcd_agent
