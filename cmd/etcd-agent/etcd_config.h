// The configuration file that etcd is started with: the user's part and what the agent decided.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "cmd/etcd-agent/etcd_types.h"

namespace stowage::etcd_agent {

struct InitialMember {
  std::string name;
  std::string peer_url;
};

struct EtcdConfig {
  std::string name;
  std::string data_dir;
  std::string listen_peer_url;
  std::string listen_client_url;
  std::string peer_url;
  std::string client_url;
  std::string token;
  std::vector<InitialMember> members;
  bool founds = false;  // else it joins, or has been in
};

// `base` is YAML of the user's; an error names a key in it that the agent has to set.
base::Result<std::string> renderEtcdConfig(const std::string& base, const EtcdConfig& config);

// What a learner has to be told of the others: each with its first peer URL. One that has never
// been up has no name; any does.
std::vector<InitialMember> initialMembers(const MemberList& list, std::uint64_t own_id,
                                          const std::string& own_name);

}  // namespace stowage::etcd_agent
