#include "statefulgroup/quorum.h"

#include <algorithm>

namespace stowage::statefulgroup {

using kubeapi::group::BudgetType;
using kubeapi::group::ConsensusType;
using kubeapi::group::SingleReplica;
using kubeapi::group::Spec;

namespace {

// What the type of consensus alone asks for, of two voters and more.
int typeFloor(ConsensusType type, int voters) {
  switch (type) {
    case ConsensusType::kQuorum:
      return quorumOf(voters);
    case ConsensusType::kPrimaryReplica:
      return voters >= 3 ? voters - 1 : 1;
    case ConsensusType::kNone:
      return voters - 1;
  }
  return voters;
}

// P - (V - m) for those voters among `pods`.
int budgetFor(const Spec& spec, int voters, int pods) {
  return pods - (voters - floorOf(spec, voters));
}

bool wantsBudget(const Spec& spec) {
  if (spec.disruption.budget == BudgetType::kNone) return false;
  const int voters = wantedVoters(spec);
  return voters > 1 || floorOf(spec, voters) > 0;
}

}  // namespace

int quorumOf(int voters) { return voters <= 0 ? 0 : voters / 2 + 1; }

int toleratedFailures(int voters) { return std::max(voters, 0) - quorumOf(voters); }

int wantedVoters(const Spec& spec) {
  return std::min(spec.consensus.voters.value_or(spec.replicas), spec.replicas);
}

int floorOf(const Spec& spec, int voters) {
  if (voters <= 0) return 0;
  const bool at_least = spec.disruption.budget == BudgetType::kMinAvailable;
  const int min_available = at_least ? spec.disruption.min_available.value_or(0) : 0;
  int floor = 0;
  if (voters == 1) {
    floor = spec.disruption.single_replica == SingleReplica::kBlock ? 1 : 0;
  } else if (voters == 2 && at_least && spec.consensus.type == ConsensusType::kQuorum) {
    floor = min_available;
  } else {
    floor = std::max(typeFloor(spec.consensus.type, voters), min_available);
  }
  return std::min(std::max(floor, spec.consensus.min_healthy.value_or(0)), voters);
}

std::optional<int> minAvailable(const Spec& spec, const ShardSize& seen) {
  if (!wantsBudget(spec)) return std::nullopt;
  const int pods = std::max({spec.replicas, seen.members, seen.pods});
  int needed = budgetFor(spec, wantedVoters(spec), pods);
  if (seen.voters > 0) {
    // A stale or wrong member list may name more voters than there are members.
    const int voters = std::min(seen.voters, pods);
    needed = std::max(needed, budgetFor(spec, voters, pods));
  }
  return needed;
}

std::optional<int> minAvailableAcross(const Spec& spec, const ShardSize& before,
                                      const ShardSize& after) {
  const auto first = minAvailable(spec, before);
  const auto second = minAvailable(spec, after);
  if (!first || !second) return first ? first : second;
  return std::max(*first, *second);
}

}  // namespace stowage::statefulgroup
