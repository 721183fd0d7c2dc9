// ExtenderAdvice: what an answer of the extenders means for one decision on the cluster as it is
// now, which may differ from the cluster that they were asked about. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "placement/cluster_state.h"
#include "scheduling/cycle/node_verdict.h"
#include "scheduling/extenders/extender_port.h"

namespace stowage::scheduling {

// Rule of verdicts that came from extenders.
inline constexpr std::uint8_t kExtenderRule = 254;

struct ExtenderAdvice {
  std::vector<NodeVerdict> rejected;  // by ascending slot; Verdict::reasons is a position below
  std::vector<std::string> reasons;   // "": the extender gave none
  std::unordered_map<placement::NodeIndex, std::int64_t> scores;
  bool any_allowed = false;  // of the feasible nodes
  bool any_unasked = false;  // a feasible node that came into question after they were asked
  bool any_rejected = false;
};

// `feasible`: the nodes that take the pod as far as we see, now. Those that were not asked about
// are rejected without a reason.
ExtenderAdvice adviceFrom(const ExtenderAnswer& answer,
                          std::span<const placement::NodeIndex> feasible,
                          const placement::ClusterState& cluster);

// Both by ascending slot; of a node in both, the first list's verdict stays.
std::vector<NodeVerdict> merged(std::span<const NodeVerdict> first,
                                std::span<const NodeVerdict> second);

}  // namespace stowage::scheduling
