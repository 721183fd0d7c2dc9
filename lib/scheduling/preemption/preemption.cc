#include "scheduling/preemption/preemption.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "scheduling/cycle/promised_room.h"

namespace stowage::scheduling {
namespace {

using placement::NodeIndex;
using Promise = Preemption::Outcome::Promise;

constexpr std::string_view kNotHelpful = "Preemption is not helpful for scheduling";
constexpr std::string_view kNoClaims = "no new claims to deallocate";
constexpr std::string_view kNever = "not eligible due to preemptionPolicy=Never.";
constexpr std::string_view kTerminating =
    "not eligible due to a terminating pod on the nominated node.";
constexpr std::string_view kNoCandidate = "no candidate node for preemption";
// Ours: nobody is evicted while the one budget that matters may be missing.
constexpr std::string_view kNoBudgets = "not possible while poddisruptionbudgets cannot be listed";

}  // namespace

Preemption::Preemption(Context& context, Reporter& reporter, Evictions& evictions,
                       std::uint64_t seed)
    : context_(context),
      reporter_(reporter),
      evictions_(evictions),
      rng_(seed),
      search_(context, budgets_, loops_, own_schedulers_) {}

Preemption::Outcome Preemption::refused(const ProfileRunner& profile, std::string_view why) const {
  Outcome outcome;
  // DynamicResources speaks before preemption wherever both are enabled.
  if (profile.profile().preemption.after_claims) outcome.message = std::string(kNoClaims) + ", ";
  outcome.message.append("preemption: ").append(why);
  return outcome;
}

Preemption::Outcome Preemption::disabled(const ProfileRunner& profile) const {
  Outcome outcome;
  if (profile.profile().preemption.after_claims) {
    outcome.message = kNoClaims;
  } else {
    outcome.promise = Promise::kClear;
  }
  return outcome;
}

// Victims of an earlier preemption for this pod are still leaving its node.
bool Preemption::waitsForVictims(ProfileRunner& profile, const Attempt& attempt) {
  const Symbol promised = context_.nominator.nodeOf(attempt.pod.meta.uid);
  const NodeIndex node =
      promised.empty() ? placement::kNoNode : context_.cache.state().findNode(promised);
  if (node == placement::kNoNode) return false;
  if (checkBesidePromised(context_, profile, attempt, node).fit == placement::Fit::kUnresolvable) {
    return false;
  }
  const auto& pods = context_.cache.nodeAt(node).pods;
  return std::any_of(pods.begin(), pods.end(), [&](const CachedPod* each) {
    const kubeapi::Pod& pod = *each->pod;
    if (!search_.mayEvict(profile, attempt.pod, pod)) return false;
    if (evictions_.doomed(pod.meta.uid)) return true;
    return pod.meta.deletion_time && preemptedBySomebody(pod) != nullptr;
  });
}

std::optional<Preemption::Outcome> Preemption::ineligible(ProfileRunner& profile,
                                                          const Attempt& attempt) {
  if (attempt.pod.spec.preempt_never) return refused(profile, kNever);
  if (waitsForVictims(profile, attempt)) return refused(profile, kTerminating);
  if (!budgets_.known()) return refused(profile, kNoBudgets);
  return std::nullopt;
}

Preemption::Outcome Preemption::inVain(const ProfileRunner& profile,
                                       VictimSearch::Result result) const {
  const std::size_t nodes = context_.cache.nodeCount();
  if (result.tried < nodes) result.reasons[std::string(kNotHelpful)] += nodes - result.tried;
  Outcome outcome = refused(profile, fitErrorMessage(nodes, result.reasons));
  outcome.promise = Promise::kClear;
  return outcome;
}

Preemption::Outcome Preemption::consider(ProfileRunner& profile, const Attempt& attempt,
                                         std::span<const NodeVerdict> withheld,
                                         const Narrow& narrow) {
  if (context_.ports.evictor == nullptr) return {};
  if (!profile.profile().preemption.enabled) return disabled(profile);
  Outcome outcome = lookForRoom(profile, attempt, withheld, narrow);
  if (outcome.promise != Promise::kLater) context_.metrics.preemptionTried();
  return outcome;
}

Preemption::Outcome Preemption::lookForRoom(ProfileRunner& profile, const Attempt& attempt,
                                            std::span<const NodeVerdict> withheld,
                                            const Narrow& narrow) {
  if (auto refusal = ineligible(profile, attempt)) return *std::move(refusal);
  VictimSearch::Result result = search_.search(profile, attempt, withheld, rng_);
  if (result.candidates.empty()) return inVain(profile, std::move(result));
  Outcome outcome;
  if (narrow) {
    std::string error;
    if (!narrow(result.candidates, error)) {
      outcome.promise = Promise::kLater;
      return outcome;
    }
    if (!error.empty()) {
      outcome.message = "preemption: " + error;
      return outcome;
    }
    if (result.candidates.empty()) return refused(profile, kNoCandidate);
  }
  Candidate& best = result.candidates[chooseCandidate(result.candidates)];
  outcome.promise = Promise::kMake;
  outcome.node = context_.cache.nodeAt(best.node).name;
  outcome.victims = std::move(best.victims.pods);
  return outcome;
}

void Preemption::inspect(ProfileRunner& profile, const Attempt& attempt,
                         std::span<const NodeVerdict> withheld, PodInspection& found) {
  if (context_.ports.evictor == nullptr || !profile.profile().preemption.enabled) return;
  PreemptionFinding& finding = found.preemption.emplace();
  if (const auto refusal = ineligible(profile, attempt)) {
    finding.message = refusal->message;
    return;
  }
  VictimSearch::Result result = search_.searchAll(profile, attempt, withheld);
  if (result.candidates.empty()) {
    finding.message = inVain(profile, std::move(result)).message;
    return;
  }
  for (const Candidate& candidate : result.candidates) {
    auto& of = finding.candidates.emplace_back();
    of.node = context_.cache.nodeAt(candidate.node).name;
    of.violations = candidate.victims.violations;
    for (const kubeapi::PodPtr& victim : candidate.victims.pods) {
      of.victims.push_back(victim->meta.ns.str() + "/" + victim->meta.name.str());
    }
  }
  finding.chosen = finding.candidates[chooseCandidate(result.candidates)].node;
}

void Preemption::began(ProfileRunner& profile, const kubeapi::Pod& preemptor,
                       const Outcome& outcome) {
  std::vector<kubeapi::PodPtr> foreign;
  for (const kubeapi::PodPtr& victim : outcome.victims) {
    if (search_.isForeign(*victim)) foreign.push_back(victim);
  }
  for (const auto& loop : loops_.preempting(preemptor, foreign, context_.clock.now())) {
    context_.metrics.preemptionLoopFound();
    reporter_.preemptionLoop(preemptor, *loop.victim, outcome.node, loop.rounds, loop.pause,
                             profile.schedulerName());
  }
}

void Preemption::podSeen(const kubeapi::Pod* before, const kubeapi::Pod& pod) {
  if (search_.isForeign(pod)) return;
  const kubeapi::Condition* condition = preemptedBySomebody(pod);
  if (condition == nullptr || (before != nullptr && preemptedBySomebody(*before) != nullptr))
    return;
  // The message begins with the name of the scheduler that wrote it.
  const std::string_view by =
      std::string_view(condition->message).substr(0, condition->message.find(':'));
  if (!own_schedulers_.contains(Symbol(by))) loops_.lost(pod);
}

}  // namespace stowage::scheduling
