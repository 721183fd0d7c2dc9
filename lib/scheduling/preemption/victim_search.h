// VictimSearch: the dry run: on which node a pod would fit if pods of lower priority left, and
// which ones. It tries on the real cache and leaves it as it was. Single-threaded.
// Source of the semantics: kube-scheduler framework/preemption/preemption.go, v1.36.3.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/rng.h"
#include "scheduling/cycle/context.h"
#include "scheduling/cycle/fit_error.h"
#include "scheduling/preemption/choose_candidate.h"
#include "scheduling/preemption/disruption_budgets.h"
#include "scheduling/preemption/preemption_loops.h"

namespace stowage::scheduling {

class VictimSearch {
 public:
  VictimSearch(Context& context, const DisruptionBudgets& budgets, const PreemptionLoops& loops,
               const Symbols& own_schedulers)
      : context_(context), budgets_(budgets), loops_(loops), own_schedulers_(own_schedulers) {}

  struct Result {
    std::vector<Candidate> candidates;  // those that overdraw no budget first
    ReasonCounts reasons;               // of the nodes that were tried in vain
    std::size_t tried = 0;              // those nodes
  };
  // As many candidates as the profile asks for, from a random node on. `withheld`: as
  // withheldNodes() says of this attempt.
  Result search(ProfileRunner& profile, const Attempt& attempt,
                std::span<const NodeVerdict> withheld, base::Rng& rng);
  // Every node that preemption would help.
  Result searchAll(ProfileRunner& profile, const Attempt& attempt,
                   std::span<const NodeVerdict> withheld);

  // Whether the pod may evict that one, which is on a node.
  [[nodiscard]] bool mayEvict(const ProfileRunner& profile, const kubeapi::Pod& preemptor,
                              const kubeapi::Pod& victim) const;
  [[nodiscard]] bool isForeign(const kubeapi::Pod& pod) const {
    return !own_schedulers_.contains(pod.spec.scheduler_name);
  }

 private:
  std::vector<NodeVerdict> worthTrying(ProfileRunner& profile, const Attempt& attempt,
                                       std::span<const NodeVerdict> withheld) const;
  [[nodiscard]] std::vector<kubeapi::PodPtr> evictable(const ProfileRunner& profile,
                                                       const kubeapi::Pod& preemptor,
                                                       const NodeInfo& node) const;
  // Where a search begins in a list of nodes, and how many candidates end it.
  struct Extent {
    std::size_t offset = 0;
    std::size_t wanted = 0;
  };
  Result dryRun(ProfileRunner& profile, const Attempt& attempt, std::span<const NodeVerdict> nodes,
                Extent extent);
  // The verdict without all pods that may leave, where it is plain that they do not make room
  // enough. Spares most nodes of a crowded cluster the trial.
  std::optional<placement::Verdict> tooSmallAnyway(ProfileRunner& profile, const Attempt& attempt,
                                                   const NodeVerdict& now);
  Victims tryNode(ProfileRunner& profile, const Attempt& attempt, placement::NodeIndex node,
                  ReasonCounts& reasons);

  Context& context_;
  const DisruptionBudgets& budgets_;
  const PreemptionLoops& loops_;
  const Symbols& own_schedulers_;
  std::vector<placement::Amount> freed_;  // scratch
};

}  // namespace stowage::scheduling
