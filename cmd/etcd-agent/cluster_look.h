// Looks at a cluster from outside: asks members, all at once since some may be silent, what they
// know and how they are. Thread safety: any thread. Ownership: etcd outlives the call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/etcd-agent/etcd_api.h"

namespace stowage::etcd_agent {

struct MemberSource {
  std::string url;  // of a member that knows the members as the leader does
  MemberList list;
};

// The first of `urls` that answers; nullopt: none.
std::optional<MemberSource> findMembers(EtcdApi& etcd, const std::vector<std::string>& urls);

// How the members are, those that answer at their first client URL.
ClusterSight lookAt(EtcdApi& etcd, MemberList list);

}  // namespace stowage::etcd_agent
