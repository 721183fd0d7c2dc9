// Preemption: what becomes of a pod that no node took. Says whether other pods may make room, which
// ones, and what to tell the user when none can. Single-threaded.
// Source of the semantics: kube-scheduler plugins/defaultpreemption/default_preemption.go and
// framework/preemption/preemption.go (Preempt), v1.36.3.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "scheduling/cycle/context.h"
#include "scheduling/cycle/reporter.h"
#include "scheduling/preemption/disruption_budgets.h"
#include "scheduling/preemption/evictions.h"
#include "scheduling/preemption/preemption_loops.h"
#include "scheduling/preemption/victim_search.h"

namespace stowage::scheduling {

class Preemption {
 public:
  Preemption(Context& context, Reporter& reporter, Evictions& evictions, std::uint64_t seed);

  struct Outcome {
    enum class Promise {
      kKeep,   // as it is
      kClear,  // the pod has no room anywhere
      kMake,   // on `node`, once `victims` have left
      kLater,  // `narrow` asks to come again
    };
    Promise promise = Promise::kKeep;
    Symbol node;
    std::vector<kubeapi::PodPtr> victims;
    std::string message;  // for the end of the user's text; empty: nothing to say
  };
  // Narrows the candidates of a preemption down; false: ask again later. A text in `error` ends the
  // preemption.
  using Narrow = std::function<bool(std::vector<Candidate>& candidates, std::string& error)>;
  // `withheld`: as withheldNodes() says of this attempt. `narrow` may be empty.
  Outcome consider(ProfileRunner& profile, const Attempt& attempt,
                   std::span<const NodeVerdict> withheld, const Narrow& narrow = {});
  // What consider() would find, on every node, and what it would tell; decides nothing.
  void inspect(ProfileRunner& profile, const Attempt& attempt,
               std::span<const NodeVerdict> withheld, PodInspection& found);
  // The preemption of that outcome begins: the book of loops hears of it.
  void began(ProfileRunner& profile, const kubeapi::Pod& preemptor, const Outcome& outcome);

  // The names of our profiles.
  void setOwnSchedulers(Symbols names) { own_schedulers_ = std::move(names); }

  DisruptionBudgets& budgets() { return budgets_; }
  // A placed pod as the watch shows it, and as it was known. Its condition tells when another
  // scheduler evicts it.
  void podSeen(const kubeapi::Pod* before, const kubeapi::Pod& pod);

 private:
  [[nodiscard]] bool waitsForVictims(ProfileRunner& profile, const Attempt& attempt);
  [[nodiscard]] Outcome disabled(const ProfileRunner& profile) const;
  Outcome lookForRoom(ProfileRunner& profile, const Attempt& attempt,
                      std::span<const NodeVerdict> withheld, const Narrow& narrow);
  Outcome refused(const ProfileRunner& profile, std::string_view why) const;
  // Why the pod may evict nobody, wherever it might fit; nullopt: it may.
  std::optional<Outcome> ineligible(ProfileRunner& profile, const Attempt& attempt);
  [[nodiscard]] Outcome inVain(const ProfileRunner& profile, VictimSearch::Result result) const;

  Context& context_;
  Reporter& reporter_;
  Evictions& evictions_;
  base::Rng rng_;
  Symbols own_schedulers_;
  DisruptionBudgets budgets_;
  PreemptionLoops loops_;
  VictimSearch search_;
};

}  // namespace stowage::scheduling
