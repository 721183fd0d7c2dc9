// Agent: answers the operator's questions (docs/hooks.md) about an etcd member. It keeps nothing
// between calls: every answer comes from what etcd says at that moment, so that the same question
// may be asked again, of another agent or after a restart.
// Thread safety: all methods from any thread; what changes etcd happens one at a time. Ownership:
// etcd, peers and clock outlive it.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "cmd/etcd-agent/cluster_look.h"
#include "cmd/etcd-agent/decisions.h"
#include "cmd/etcd-agent/etcd_api.h"
#include "cmd/etcd-agent/peers.h"
#include "kubeapi/hooks.h"

namespace stowage::etcd_agent {

struct AgentOptions {
  std::string self_url;          // the own etcd's client URL
  std::uint64_t max_lag = 1000;  // entries that a member may be behind and count as caught up
};

class Agent {
 public:
  Agent(AgentOptions options, EtcdApi& etcd, const Peers& peers, base::Clock& clock,
        std::stop_token stop);

  base::Result<kubeapi::hooks::Role> role();

  using Request = kubeapi::hooks::Request;
  Answer switchover(const Request& request);
  Answer join(const Request& request);
  Answer leave(const Request& request);
  Answer preDisruption(const Request& request);
  Answer postRestart(const Request& request);

 private:
  // The pod that is asked about; an error when it cannot be of this shard.
  base::Result<std::string> subjectOf(const Request& request) const;
  // The own etcd first, then peers.
  base::Result<MemberSource> membersFromAnyone();
  Answer handOver(const MemberStatus& own);
  Answer removeMember(const std::string& pod);
  // Runs what changes etcd, unless something does already.
  Answer alone(const std::function<Answer()>& work);

  const AgentOptions options_;
  EtcdApi& etcd_;
  const Peers& peers_;
  base::Clock& clock_;
  const std::stop_token stop_;
  std::mutex changing_;
};

}  // namespace stowage::etcd_agent
