#include "cmd/etcd-agent/decisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"

namespace stowage::etcd_agent {

using kubeapi::hooks::Verdict;

namespace {

constexpr std::size_t kMaxShown = 200;

int quorumOf(int voters) { return voters / 2 + 1; }

// Whom the newest term knows as its leader; 0: nobody.
std::uint64_t leaderOf(const ClusterSight& sight) {
  std::uint64_t leader = 0;
  std::uint64_t term = 0;
  for (const auto& [id, status] : sight.statuses) {
    if (status.leader == 0 || status.term < term) continue;
    leader = status.leader;
    term = status.term;
  }
  return leader;
}

std::uint64_t newestIndex(const ClusterSight& sight) {
  std::uint64_t newest = 0;
  for (const auto& [id, status] : sight.statuses) newest = std::max(newest, status.index);
  return newest;
}

bool within(std::uint64_t applied, std::uint64_t newest, std::uint64_t max_lag) {
  return applied >= newest || newest - applied <= max_lag;
}

// What a voter said, when it follows `leader` and has caught up.
const MemberStatus* follower(const ClusterSight& sight, const Member& member, std::uint64_t leader,
                             std::uint64_t max_lag) {
  const auto found = sight.statuses.find(member.id);
  if (member.learner || leader == 0 || found == sight.statuses.end()) return nullptr;
  const MemberStatus& status = found->second;
  const bool fit = !status.learner && status.leader == leader &&
                   within(status.applied, newestIndex(sight), max_lag);
  return fit ? &status : nullptr;
}

std::string_view hostOf(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos)
    url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.rfind(':'));
}

}  // namespace

Answer done(std::string message) { return {Verdict::kDone, std::move(message)}; }
Answer working(std::string message) { return {Verdict::kWorking, std::move(message)}; }
Answer refused(std::string message) { return {Verdict::kRefused, std::move(message)}; }

kubeapi::hooks::Role roleOf(const MemberStatus& status) {
  kubeapi::hooks::Role role;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  role.term = static_cast<std::int64_t>(std::min(status.term, kMax));
  if (status.leader == 0) return role;
  role.role = status.learner ? "learner" : status.leader == status.member ? "leader" : "follower";
  return role;
}

const Member* memberOfPod(const MemberList& list, std::string_view pod, std::string_view host) {
  if (pod.empty()) return nullptr;  // as who was never up is called
  for (const Member& member : list.members) {
    if (member.name == pod) return &member;
  }
  for (const Member& member : list.members) {
    for (const std::string& url : member.peer_urls) {
      const std::string_view found = hostOf(url);
      if (!member.name.empty() || found.empty()) continue;
      if (found == host || found == pod ||
          (found.starts_with(pod) && found.substr(pod.size()).starts_with('.')))
        return &member;
    }
  }
  return nullptr;
}

int votersThatFollow(const ClusterSight& sight, std::uint64_t except, std::uint64_t max_lag) {
  const std::uint64_t leader = leaderOf(sight);
  return static_cast<int>(std::count_if(
      sight.list.members.begin(), sight.list.members.end(), [&](const Member& member) {
        return member.id != except && follower(sight, member, leader, max_lag) != nullptr;
      }));
}

Answer mayBeDown(const ClusterSight& sight, const Member& who, std::uint64_t max_lag) {
  const int voters = sight.list.voters();
  if (who.learner) return done("it is a learner");
  // Nothing is left to protect; whether it may go at all is said by the group's budget.
  if (voters <= 1) return done("it is the only voter");
  const int others = votersThatFollow(sight, who.id, max_lag);
  if (others >= quorumOf(voters)) return done();
  return refused(
      fmt::format("without it {} of {} voters would be up and caught up, and {} are needed", others,
                  voters, quorumOf(voters)));
}

Answer mayBeRemoved(const ClusterSight& sight, const Member& who, std::uint64_t max_lag) {
  if (who.learner) return done();
  const int stay = sight.list.voters() - 1;
  if (stay < 1) return refused("it is the last voter");
  const int others = votersThatFollow(sight, who.id, max_lag);
  if (others >= quorumOf(stay)) return done();
  return refused(
      fmt::format("of the {} voters that would stay {} are up and caught up, and {} are needed",
                  stay, others, quorumOf(stay)));
}

const Member* successorOf(const ClusterSight& sight, std::uint64_t leader, std::uint64_t max_lag) {
  const Member* best = nullptr;
  std::uint64_t most = 0;
  for (const Member& member : sight.list.members) {
    const MemberStatus* status =
        member.id == leader ? nullptr : follower(sight, member, leader, max_lag);
    if (status == nullptr || (best != nullptr && status->applied <= most)) continue;
    best = &member;
    most = status->applied;
  }
  return best;
}

Answer hasCaughtUp(const MemberStatus& own, const MemberStatus& leader, std::uint64_t max_lag) {
  if (own.leader == 0) return working("it follows no leader yet");
  if (own.learner) return working("it is a learner yet");
  if (leader.member != own.leader || leader.leader != leader.member)
    return working("the leadership is changing");
  if (!own.errors.empty())
    return refused(
        fmt::format("etcd complains: {}", base::utf8Prefix(own.errors.front(), kMaxShown)));
  const std::uint64_t newest = std::max(leader.index, own.index);
  if (!within(own.applied, newest, max_lag))
    return working(fmt::format("it has applied {} of {} entries", own.applied, newest));
  return done();
}

}  // namespace stowage::etcd_agent
