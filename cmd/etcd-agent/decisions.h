// What the agent decides from what etcd says. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cmd/etcd-agent/etcd_types.h"
#include "kubeapi/hooks.h"

namespace stowage::etcd_agent {

// An answer to the operator: done, working on it, or no, and why.
struct Answer {
  kubeapi::hooks::Verdict verdict = kubeapi::hooks::Verdict::kDone;
  std::string message;
};
Answer done(std::string message = {});
Answer working(std::string message);
Answer refused(std::string message);

// leader, follower or learner; nothing while the member knows of no leader.
kubeapi::hooks::Role roleOf(const MemberStatus& status);

// The member that is `pod`'s: by its name in etcd, and by its peer address (whose first label is
// the pod's name, or which is `host`) for one that has never been up. nullptr: there is none.
const Member* memberOfPod(const MemberList& list, std::string_view pod, std::string_view host = {});

// How many voters, without `except`, follow the leader that the newest term knows, and have applied
// all but `max_lag` entries.
int votersThatFollow(const ClusterSight& sight, std::uint64_t except, std::uint64_t max_lag);

// Whether the others hold the quorum while `who` is down.
Answer mayBeDown(const ClusterSight& sight, const Member& who, std::uint64_t max_lag);
// Whether the others hold the quorum of those that stay when `who` is removed.
Answer mayBeRemoved(const ClusterSight& sight, const Member& who, std::uint64_t max_lag);

// Who should lead after `leader`: the voter that has applied most; nullptr: none has caught up.
const Member* successorOf(const ClusterSight& sight, std::uint64_t leader, std::uint64_t max_lag);

// Whether a member that was restarted is what it was. `leader`: what its leader says of itself.
Answer hasCaughtUp(const MemberStatus& own, const MemberStatus& leader, std::uint64_t max_lag);

}  // namespace stowage::etcd_agent
