// PodInspection: everything that one profile makes of one pod on the cluster as it is: each node's
// verdict with plugin and reasons, each score raw and normalised, the choice and the message. For
// tests against kube-scheduler and for people who ask why. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/symbols.h"
#include "kubeapi/pod.h"
#include "placement/verdict.h"

namespace stowage::scheduling {

struct NodeFinding {
  base::Symbol node;
  placement::Fit fit = placement::Fit::kFits;
  std::string plugin;  // that said no; empty: none did, or the node was not looked at
  std::vector<std::string> reasons;
};

// One score's values, in the order of the feasible nodes in PodInspection::nodes.
struct ScoreFinding {
  std::string plugin;
  std::int64_t weight = 1;
  std::vector<std::int64_t> raw;
  std::vector<std::int64_t> normalised;  // 0..100
};

// What preemption would do for a pod that no node takes.
struct PreemptionFinding {
  struct Candidate {
    base::Symbol node;
    std::vector<std::string> victims;  // "namespace/name", most important first
    std::size_t violations = 0;        // of them, pods whose budget is overdrawn
  };
  std::vector<Candidate> candidates;  // every node that it would help
  base::Symbol chosen;                // among them; empty: there is none
  std::string message;                // for the end of the user's text
};

struct PodInspection {
  // The pod uses what this version refuses; nothing else is filled in then.
  std::string refusal;
  // Rejected before any node was looked at; nodes are then empty.
  struct PreFilter {
    std::string plugin;
    bool unresolvable = false;
    std::string message;
  };
  std::optional<PreFilter> pre_filter;
  std::vector<NodeFinding> nodes;
  std::vector<ScoreFinding> scores;
  base::Symbol chosen;                          // empty when no node is feasible
  std::optional<PreemptionFinding> preemption;  // when it is enabled and no node is feasible
  std::string message;                          // what users read when no node is feasible
};

struct Context;
class Preemption;
// Places nothing and wakes nothing: only caches that are equal to what they stand for change.
PodInspection inspectPod(Context& context, Preemption& preemption, std::uint32_t profile,
                         const kubeapi::Pod& pod);

}  // namespace stowage::scheduling
