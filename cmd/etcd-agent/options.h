// Options: what was typed, with defaults from the pod's environment. Value type; parsing never
// prints and never exits.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "cmd/etcd-agent/hook_server.h"
#include "cmd/etcd-agent/peers.h"
#include "program/common_options.h"

namespace stowage::etcd_agent {

struct Options : program::CommonOptions {
  enum class Mode : std::uint8_t { kServe, kInit };
  Mode mode = Mode::kServe;
  std::string name;                  // empty: $POD_NAME
  std::string peer_domain;           // empty: from $STOWAGE_PEERS_SERVICE
  std::vector<std::string> members;  // "NAME=HOST"
  int initial_size = 3;
  int first_ordinal = 0;
  std::string cluster_token;  // empty: <namespace>/<name without its number>
  std::string data_dir = "/var/lib/etcd";
  std::string scheme = "http";
  int client_port = 2379;
  int peer_port = 2380;
  int agent_port = 7070;
  std::string etcd_url = "http://127.0.0.1:2379";
  std::string etcd_ca_file;
  std::string etcd_cert_file;
  std::string etcd_key_file;

  std::string listen = "0.0.0.0:7070";
  std::string operator_account;  // NAMESPACE:NAME
  std::string audience;          // empty: stowage-hooks.<own namespace>
  bool any_token = false;
  std::uint64_t max_lag = 1000;

  std::string etcd_config;
  std::string etcd_base_config;
  std::string etcd_listen = "0.0.0.0";
  std::string replicas_file;
  int patience_seconds = 600;
};

std::variant<Options, program::EarlyExit> parseOptions(int argc, const char* const* argv);

// "127.0.0.1:7070", "[::1]:7070" and what $(POD_IP):7070 gives for an IPv6 address.
base::Result<ListenOptions> listenOptions(const Options& options);
// `ns`: the pod's namespace.
base::Result<PeerOptions> peerOptions(const Options& options, const std::string& ns);
// What the cluster is called among agents and by etcd.
std::string clusterToken(const Options& options, const std::string& ns);

}  // namespace stowage::etcd_agent
