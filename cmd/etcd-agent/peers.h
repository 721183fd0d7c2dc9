// Peers: where the members of the own shard are: by the names that the operator gives pods, and at
// the addresses of the shard's headless Service. Names are DNS names, or given one by one.
// Thread safety: any thread; addresses() blocks for the look-up, others do not.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace stowage::etcd_agent {

// "db-0-2" is number 2 of "db-0".
struct PodName {
  std::string prefix;
  int ordinal = 0;
};
std::optional<PodName> parsePodName(std::string_view name);

struct PeerOptions {
  std::string name;                          // of this member: its pod's
  std::string domain;                        // "db-0-peers.ns.svc"; empty: only given hosts
  std::map<std::string, std::string> hosts;  // member -> host, before the domain
  int first_ordinal = 0;
  int initial_size = 3;
  int replicas = 0;             // of the shard at present, as far as known
  std::string scheme = "http";  // of etcd's URLs
  int client_port = 2379;
  int peer_port = 2380;
  int agent_port = 7070;
};

class Peers {
 public:
  // The name must be one that parsePodName() reads.
  Peers(PeerOptions options, base::Clock& clock);

  [[nodiscard]] const std::string& self() const { return options_.name; }
  // Members that found the cluster, by name, this one included if it is one of them.
  [[nodiscard]] std::vector<std::string> founders() const;
  [[nodiscard]] bool isFounder() const;
  // Who has to be heard before a cluster is founded: the other founders, and as many more as the
  // shard has replicas.
  [[nodiscard]] std::vector<std::string> expected() const;
  // Whether a pod of that name can be a member of this shard.
  [[nodiscard]] bool sameShard(std::string_view pod) const;

  [[nodiscard]] std::string hostOf(const std::string& member) const;
  [[nodiscard]] std::string peerUrlOf(const std::string& member) const;
  [[nodiscard]] std::string peerUrlAt(const std::string& host) const;
  [[nodiscard]] std::string clientUrl(const std::string& host) const;
  [[nodiscard]] int agentPort() const { return options_.agent_port; }

  // Hosts of all who may be a member, each once, without this one's: founders and others that were
  // given; then what the Service knows. An address may be that of a founder, or our own.
  [[nodiscard]] std::vector<std::string> namedHosts() const;
  // An error: the name could not be looked up; a name that is not there has no addresses.
  base::Result<std::vector<std::string>> addresses(const std::stop_token& stop) const;

 private:
  [[nodiscard]] std::vector<std::string> firstNames(int count) const;

  const PeerOptions options_;
  const PodName name_;
  base::Clock& clock_;
};

}  // namespace stowage::etcd_agent
