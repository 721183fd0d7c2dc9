#include "scheduling/extenders/extender_advice.h"

#include <algorithm>
#include <iterator>

namespace stowage::scheduling {
namespace {

using placement::Fit;
using placement::NodeIndex;

// Room for the sums of the other scores; far beyond what scores of 0 to 10 come to.
constexpr std::int64_t kMostScore = std::int64_t{1} << 52;

bool bySlot(const NodeVerdict& a, const NodeVerdict& b) { return a.node < b.node; }

}  // namespace

ExtenderAdvice adviceFrom(const ExtenderAnswer& answer, std::span<const NodeIndex> feasible,
                          const placement::ClusterState& cluster) {
  std::unordered_map<Symbol, const ExtenderAnswer::Allowed*> allowed;
  std::unordered_map<Symbol, const ExtenderAnswer::Rejected*> rejected;
  for (const auto& one : answer.allowed) allowed.emplace(one.node, &one);
  for (const auto& one : answer.rejected) rejected.emplace(one.node, &one);
  ExtenderAdvice advice;
  advice.reasons.emplace_back();
  std::unordered_map<std::string, std::size_t> places;
  for (const NodeIndex node : feasible) {
    const Symbol& name = cluster.nodeName(node);
    if (const auto yes = allowed.find(name); yes != allowed.end()) {
      advice.any_allowed = true;
      advice.scores[node] = std::clamp(yes->second->score, -kMostScore, kMostScore);
      continue;
    }
    NodeVerdict verdict{node, {.reasons = 0, .rule = kExtenderRule, .fit = Fit::kUnresolvable}};
    if (const auto no = rejected.find(name); no != rejected.end()) {
      advice.any_rejected = true;
      const ExtenderAnswer::Rejected& why = *no->second;
      if (!why.unresolvable && !why.reason.empty()) verdict.verdict.fit = Fit::kUnschedulable;
      if (!why.reason.empty()) {
        const auto [place, is_new] = places.try_emplace(why.reason, advice.reasons.size());
        if (is_new) advice.reasons.push_back(why.reason);
        verdict.verdict.reasons = place->second;
      }
    } else {
      advice.any_unasked = true;
    }
    advice.rejected.push_back(verdict);
  }
  std::sort(advice.rejected.begin(), advice.rejected.end(), bySlot);
  return advice;
}

std::vector<NodeVerdict> merged(std::span<const NodeVerdict> first,
                                std::span<const NodeVerdict> second) {
  std::vector<NodeVerdict> both;
  std::set_union(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(both),
                 bySlot);
  return both;
}

}  // namespace stowage::scheduling
