// Candidates of a preemption: how many to look at, and which of them loses least. Pure.
// Source of the semantics: kube-scheduler framework/preemption/preemption.go
// (pickOneNodeForPreemption) and plugins/defaultpreemption (calculateNumCandidates), v1.36.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "placement/cluster_state.h"
#include "scheduling/preemption/select_victims.h"

namespace stowage::scheduling {

struct Candidate {
  placement::NodeIndex node = placement::kNoNode;
  Victims victims;  // not empty
};

// How many candidates are enough among so many nodes.
std::size_t candidatesWanted(std::size_t nodes, std::int64_t percentage, std::int64_t absolute);

// The position of the candidate to take: the fewest overdrawn budgets, then the lowest highest
// priority among its victims, then the lowest sum of priorities, then the fewest victims, then the
// latest start of those with the highest priority, then the first. `candidates` is not empty.
std::size_t chooseCandidate(std::span<const Candidate> candidates);

}  // namespace stowage::scheduling
