#include "cmd/etcd-agent/founding.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cmd/etcd-agent/decisions.h"

namespace stowage::etcd_agent {

using kubeapi::hooks::Verdict;

namespace {

// A cluster is there: this member is in it, or gets in.
Step among(const Folder& own, const ClusterSight& cluster, const Self& self,
           std::uint64_t max_lag) {
  const Member* entry = memberOfPod(cluster.list, self.name, self.host);
  if (entry == nullptr) return step::AddLearner{};
  // Added by this volume, which has not been used since.
  if (own.state == FolderState::kJoining && entry->id == own.joining_as && entry->learner &&
      entry->name.empty())
    return step::Join{entry->id};
  // The others were faster. Its place as a founder is free: only this volume may take it, and it
  // has not.
  if (own.state == FolderState::kReady && !entry->learner && entry->name.empty())
    return step::Found{};
  // A member is the votes that it has given: without its log it has to come as another one.
  const Answer may = mayBeRemoved(cluster, *entry, max_lag);
  if (may.verdict != Verdict::kDone)
    return step::Wait{"to come anew in place of a member that lost its data: " + may.message};
  return step::Remove{entry->id};
}

// Whoever is there has no quorum, or nobody is.
Step unheard(const Folder& own, const Surroundings& around, const Self& self) {
  std::vector<std::string> members;
  std::vector<std::string> missing = around.silent;
  std::vector<std::string> unready;
  const auto sort = [&](const std::string& name, const std::optional<FolderState>& state) {
    if (!state) return missing.push_back(name);
    if (*state == FolderState::kMember || *state == FolderState::kJoining) members.push_back(name);
    if (*state == FolderState::kEmpty) unready.push_back(name);
  };
  for (const auto& [name, state] : around.expected) sort(name, state);
  for (const auto& [name, state] : around.others) sort(name, state);

  if (own.state == FolderState::kReady) {
    // Who has begun saw all others ready, this one included.
    if (!members.empty()) return step::Found{};
    if (missing.empty() && unready.empty()) return step::Found{};
    missing.insert(missing.end(), unready.begin(), unready.end());
    return step::Wait{fmt::format("to found the cluster with {}", fmt::join(missing, ", "))};
  }
  if (!members.empty())
    return step::Wait{
        fmt::format("for the quorum of the cluster that {} belong to", fmt::join(members, ", "))};
  if (!self.founder || own.state == FolderState::kJoining)
    return step::Wait{"for a cluster to join"};
  if (!missing.empty()) return step::Wait{fmt::format("to hear from {}", fmt::join(missing, ", "))};
  return step::NoteReady{};
}

}  // namespace

Step nextStep(const Folder& own, const Surroundings& around, const Self& self,
              std::uint64_t max_lag) {
  if (own.state == FolderState::kMember) {
    const bool removed =
        around.cluster && memberOfPod(around.cluster->list, self.name, self.host) == nullptr;
    return removed ? Step(step::SetAside{}) : Step(step::Start{});
  }
  if (around.cluster) return among(own, *around.cluster, self, max_lag);
  return unheard(own, around, self);
}

}  // namespace stowage::etcd_agent
