#include "scheduling/preemption/victim_search.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "scheduling/cache/trial.h"
#include "scheduling/cycle/promised_room.h"

namespace stowage::scheduling {
namespace {

using placement::Fit;
using placement::NodeIndex;
using placement::Verdict;

constexpr std::string_view kNoVictims = "No preemption victims found for incoming pod";

// One node of the real cache under a trial.
class NodeUnderTrial final : public WhatIf {
 public:
  NodeUnderTrial(Context& context, ProfileRunner& profile, const Attempt& attempt, NodeIndex node)
      : context_(context),
        profile_(profile),
        attempt_(attempt),
        node_(node),
        trial_(context.cache) {}

  void takeOff(const kubeapi::PodPtr& victim) override {
    trial_.takeOff(*context_.cache.find(victim->meta.uid));
  }
  void putBack(const kubeapi::PodPtr& victim) override {
    trial_.putBack(*context_.cache.find(victim->meta.uid));
  }
  bool fits() override {
    last_ = checkBesidePromised(context_, profile_, attempt_, node_);
    return last_.fit == Fit::kFits;
  }
  [[nodiscard]] const Verdict& last() const { return last_; }

 private:
  Context& context_;
  ProfileRunner& profile_;
  const Attempt& attempt_;
  const NodeIndex node_;
  Verdict last_;
  Trial trial_;
};

// Sums by resource; saturating.
void addFreed(const std::vector<placement::Amount>& held, std::vector<placement::Amount>& freed) {
  for (const placement::Amount& amount : held) {
    const auto known = std::find_if(freed.begin(), freed.end(), [&](const placement::Amount& one) {
      return one.dim == amount.dim;
    });
    if (known == freed.end()) {
      freed.push_back(amount);
    } else if (__builtin_add_overflow(known->value, amount.value, &known->value)) {
      known->value = std::numeric_limits<std::int64_t>::max();
    }
  }
}

}  // namespace

bool VictimSearch::mayEvict(const ProfileRunner& profile, const kubeapi::Pod& preemptor,
                            const kubeapi::Pod& victim) const {
  if (victim.spec.priority >= preemptor.spec.priority) return false;
  if (!isForeign(victim)) return true;
  return !profile.profile().preemption.spare_other_schedulers &&
         !loops_.barred(preemptor, victim, context_.clock.now());
}

// Nodes that pods of lower priority may be the reason for.
std::vector<NodeVerdict> VictimSearch::worthTrying(ProfileRunner& profile, const Attempt& attempt,
                                                   std::span<const NodeVerdict> withheld) const {
  std::vector<NodeVerdict> nodes = profile.resolvableNodes(attempt);
  if (withheld.empty()) return nodes;
  std::erase_if(nodes,
                [&](const NodeVerdict& one) { return findNode(withheld, one.node) != nullptr; });
  for (const NodeVerdict& each : withheld) {
    if (each.verdict.fit == Fit::kUnschedulable) nodes.push_back(each);
  }
  std::sort(nodes.begin(), nodes.end(),
            [](const NodeVerdict& a, const NodeVerdict& b) { return a.node < b.node; });
  return nodes;
}

std::optional<Verdict> VictimSearch::tooSmallAnyway(ProfileRunner& profile, const Attempt& attempt,
                                                    const NodeVerdict& now) {
  const NodeInfo& node = context_.cache.nodeAt(now.node);
  // Room that is promised to others counts, too: that takes the trial.
  if (!context_.nominator.on(node.name).empty()) return std::nullopt;
  if (!node.priorities.anyBelow(attempt.pod.spec.priority)) return std::nullopt;
  freed_.clear();
  std::int64_t leaving = 0;
  for (const CachedPod* pod : node.pods) {
    // Most pods are passed over without looking at the pod itself.
    if (pod->priority >= attempt.pod.spec.priority) continue;
    if (!mayEvict(profile, attempt.pod, *pod->pod)) continue;
    ++leaving;
    addFreed(pod->demand->amounts().amounts, freed_);
  }
  if (leaving == 0) return std::nullopt;
  freed_.push_back({placement::kPods, leaving});
  return profile.stillTooSmall(attempt, now, freed_);
}

std::vector<kubeapi::PodPtr> VictimSearch::evictable(const ProfileRunner& profile,
                                                     const kubeapi::Pod& preemptor,
                                                     const NodeInfo& node) const {
  std::vector<kubeapi::PodPtr> pods;
  // Most pods of most clusters have one priority: then no pod is looked at.
  if (!node.priorities.anyBelow(preemptor.spec.priority)) return pods;
  for (const CachedPod* pod : node.pods) {
    if (pod->priority >= preemptor.spec.priority) continue;
    if (mayEvict(profile, preemptor, *pod->pod)) pods.push_back(pod->pod);
  }
  return pods;
}

Victims VictimSearch::tryNode(ProfileRunner& profile, const Attempt& attempt, NodeIndex node,
                              ReasonCounts& reasons) {
  auto pods = evictable(profile, attempt.pod, context_.cache.nodeAt(node));
  NodeUnderTrial trial(context_, profile, attempt, node);
  Victims victims = selectVictims(trial, std::move(pods), budgets_);
  if (victims.outcome == Victims::Outcome::kNoneAllowed) {
    ++reasons[std::string(kNoVictims)];
  } else if (victims.outcome == Victims::Outcome::kDoesNotFit) {
    profile.addReasons(attempt, node, trial.last(), reasons);
  }
  return victims;
}

VictimSearch::Result VictimSearch::search(ProfileRunner& profile, const Attempt& attempt,
                                          std::span<const NodeVerdict> withheld, base::Rng& rng) {
  const std::vector<NodeVerdict> nodes = worthTrying(profile, attempt, withheld);
  const Profile& settings = profile.profile();
  const std::size_t wanted = candidatesWanted(nodes.size(), settings.min_candidate_nodes_percentage,
                                              settings.min_candidate_nodes_absolute);
  return dryRun(profile, attempt, nodes, {rng.below(nodes.size()), wanted});
}

VictimSearch::Result VictimSearch::searchAll(ProfileRunner& profile, const Attempt& attempt,
                                             std::span<const NodeVerdict> withheld) {
  const std::vector<NodeVerdict> nodes = worthTrying(profile, attempt, withheld);
  return dryRun(profile, attempt, nodes, {0, nodes.size()});
}

VictimSearch::Result VictimSearch::dryRun(ProfileRunner& profile, const Attempt& attempt,
                                          std::span<const NodeVerdict> nodes, Extent extent) {
  Result result;
  std::vector<Candidate>& peaceful = result.candidates;
  std::vector<Candidate> overdrawing;
  // Nodes that are too small alike are worded once.
  std::map<std::uint64_t, std::pair<NodeVerdict, std::size_t>> too_small;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const NodeVerdict& now = nodes[(extent.offset + i) % nodes.size()];
    const NodeIndex node = now.node;
    if (const auto verdict = tooSmallAnyway(profile, attempt, now)) {
      ++too_small.try_emplace(verdict->reasons, NodeVerdict{node, *verdict}, 0)
            .first->second.second;
      ++result.tried;
      continue;
    }
    Victims victims = tryNode(profile, attempt, node, result.reasons);
    if (victims.outcome != Victims::Outcome::kFound) {
      // A node that takes the pod as it is has no reason: it cannot be among these.
      if (victims.outcome != Victims::Outcome::kNoneNeeded) ++result.tried;
      continue;
    }
    (victims.violations == 0 ? peaceful : overdrawing).push_back({node, std::move(victims)});
    if (!peaceful.empty() && peaceful.size() + overdrawing.size() >= extent.wanted) break;
  }
  for (const auto& [reasons, alike] : too_small) {
    profile.addReasons(attempt, alike.first.node, alike.first.verdict, result.reasons,
                       alike.second);
  }
  peaceful.insert(peaceful.end(), std::make_move_iterator(overdrawing.begin()),
                  std::make_move_iterator(overdrawing.end()));
  return result;
}

}  // namespace stowage::scheduling
