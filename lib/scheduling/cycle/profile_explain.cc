// The side of ProfileRunner that says why: reasons, messages, and what may help.
#include <unordered_map>

#include "placement/resource_fit.h"
#include "scheduling/cycle/fit_error.h"
#include "scheduling/cycle/profile_runner.h"
#include "scheduling/cycle/rejectors.h"

namespace stowage::scheduling {
namespace {

using placement::Fit;
using placement::kNoNode;
using placement::NodeIndex;
using placement::Verdict;

constexpr std::string_view kNotNamedReason = "node(s) didn't satisfy plugin(s) [NodeAffinity]";
constexpr std::string_view kConflictReason = "pod affinity terms conflict";
// Dimensions from this one on share the last reason bit: nodes that set it may differ.
constexpr placement::Dimension kFirstSharedBit = 63;
constexpr std::uint64_t kAskAgain = std::uint64_t{1} << kFirstSharedBit;

// What an extender said of a node; one that gave no reason is not worded, as upstream.
void countAdvice(const Attempt& attempt, const Verdict& verdict, ReasonCounts& counts) {
  if (attempt.advice == nullptr || verdict.reasons == 0) return;
  ++counts[attempt.advice->reasons[verdict.reasons]];
}

}  // namespace

std::vector<NodeVerdict> ProfileRunner::resolvableNodes(const Attempt& attempt) {
  const ShapeId id = attempt.shape;
  forgetIfStale(id);
  peers_.prepareFilters(attempt, shapes_.at(id));
  std::vector<NodeVerdict> nodes;
  const std::span<const Verdict> verdicts = verdicts_->verdicts(id);
  for (NodeIndex node = 0; node < verdicts.size(); ++node) {
    if (!cache_.state().present(node)) continue;
    const Verdict verdict = peers_.combined(verdicts[node], node, evaluations_.filters);
    if (verdict.fit == Fit::kUnschedulable) nodes.push_back({node, verdict});
  }
  return nodes;
}

void ProfileRunner::countReasons(const Shape& shape, NodeIndex node, const Verdict& verdict,
                                 std::size_t times, ReasonCounts& counts) {
  if (verdict.rule == kNotNamedRule) {
    counts[std::string(kNotNamedReason)] += times;
    return;
  }
  const FilterPlugin* local = filters_[verdict.rule].plugin.get();
  if (local == nullptr) {
    counts[std::string(peers_.filterOf(verdict.rule)->reason(verdict))] += times;
    return;
  }
  std::vector<std::string> reasons;
  local->reasons(shape, cache_.view(cache_.nodeAt(node)), verdict, reasons);
  for (std::string& reason : reasons) counts[std::move(reason)] += times;
}

void ProfileRunner::addReasons(const Attempt& attempt, NodeIndex node, const Verdict& verdict,
                               ReasonCounts& counts, std::size_t times) {
  countReasons(shapes_.at(attempt.shape), node, verdict, times, counts);
}

std::optional<Verdict> ProfileRunner::stillTooSmall(const Attempt& attempt, const NodeVerdict& now,
                                                    std::span<const placement::Amount> freed) {
  if (!plain_fit_rule_ || now.verdict.rule != *plain_fit_rule_) return std::nullopt;
  const placement::Demand& demand = shapes_.at(attempt.shape).fit_demand->amounts();
  const Verdict then =
      placement::resourceFitIfFreed(cache_.state(), now.node, demand, *plain_fit_rule_, freed);
  // Reasons that share a bit are told apart by the node as it is.
  if (then.fit == Fit::kFits || (then.reasons & kAskAgain) != 0) return std::nullopt;
  return then;
}

ProfileRunner::Explanation ProfileRunner::explainNamed(const Attempt& attempt, const Shape& shape,
                                                       std::span<const NodeVerdict> withheld) {
  const ShapeId id = attempt.shape;
  Explanation explanation;
  explanation.rejectors = bitOf(pluginId("NodeAffinity"));
  const std::size_t nodes = cache_.nodeCount();
  if (shape.required_nodes.conflicting()) {
    explanation.message = fitErrorMessage(nodes, kConflictReason);
    explanation.unresolvable = true;
    explanation.reason = kConflictReason;
    return explanation;
  }
  ReasonCounts counts;
  std::size_t named = 0;
  for (const Symbol& name : *shape.required_nodes.nodeNames()) {
    const NodeIndex node = cache_.state().findNode(name);
    if (node == kNoNode) continue;
    ++named;
    const NodeVerdict* held = findNode(withheld, node);
    const Verdict verdict = held != nullptr
                                ? held->verdict
                                : peers_.combined(check(id, node), node, evaluations_.filters);
    if (verdict.fit == Fit::kFits) continue;
    if (verdict.rule == kExtenderRule) {
      explanation.rejectors |= kExtenderRejector;
      countAdvice(attempt, verdict, counts);
      continue;
    }
    explanation.rejectors |= bitOf(filters_[verdict.rule].id);
    countReasons(shape, node, verdict, 1, counts);
  }
  if (named < nodes) counts[std::string(kNotNamedReason)] += nodes - named;
  explanation.message = fitErrorMessage(nodes, counts);
  return explanation;
}

ProfileRunner::Explanation ProfileRunner::explain(const Attempt& attempt,
                                                  std::span<const NodeVerdict> withheld) {
  const ShapeId id = attempt.shape;
  const Shape& shape = shapes_.at(id);
  forgetIfStale(id);
  peers_.prepareFilters(attempt, shape);
  if (namesNodes(shape)) return explainNamed(attempt, shape, withheld);
  // Nodes that fail alike are worded once.
  struct Alike {
    NodeIndex example = kNoNode;
    std::size_t count = 0;
  };
  std::vector<std::unordered_map<std::uint64_t, Alike>> alike(filters_.size());
  const auto& amounts = shape.fit_demand->amounts().amounts;
  const bool each_differs = !amounts.empty() && amounts.back().dim >= kFirstSharedBit;
  ReasonCounts counts;
  Explanation explanation;
  const std::span<const Verdict> verdicts = verdicts_->verdicts(id);
  for (NodeIndex node = 0; node < verdicts.size(); ++node) {
    if (!cache_.state().present(node)) continue;
    const NodeVerdict* held = findNode(withheld, node);
    const Verdict verdict = held != nullptr
                                ? held->verdict
                                : peers_.combined(verdicts[node], node, evaluations_.filters);
    if (verdict.fit == Fit::kFits) continue;
    if (verdict.rule == kExtenderRule) {
      explanation.rejectors |= kExtenderRejector;
      countAdvice(attempt, verdict, counts);
      continue;
    }
    const bool local = filters_[verdict.rule].plugin != nullptr;
    if (local && each_differs && (verdict.reasons & kAskAgain) != 0) {
      countReasons(shape, node, verdict, 1, counts);
      explanation.rejectors |= bitOf(filters_[verdict.rule].id);
      continue;
    }
    Alike& group = alike[verdict.rule][verdict.reasons];
    group.example = node;
    ++group.count;
  }
  for (std::size_t rule = 0; rule < alike.size(); ++rule) {
    for (const auto& [reasons, group] : alike[rule]) {
      const Verdict verdict{
          .reasons = reasons, .rule = static_cast<std::uint8_t>(rule), .fit = Fit::kUnschedulable};
      countReasons(shape, group.example, verdict, group.count, counts);
      explanation.rejectors |= bitOf(filters_[rule].id);
    }
  }
  explanation.message = fitErrorMessage(cache_.nodeCount(), counts);
  return explanation;
}

PluginSet ProfileRunner::shapeWakers(ShapeId id, const ClusterEvent& event,
                                     HintObserver* observer) const {
  const Shape& shape = shapes_.at(id);
  PluginSet set = 0;
  for (const LocalFilter& filter : filters_) {
    if (filter.plugin == nullptr || (filter.plugin->events() & event.kinds) == 0) continue;
    const bool measured = observer != nullptr && clock_ != nullptr;
    const base::SteadyTime began = measured ? clock_->now() : base::SteadyTime();
    const bool wakes = filter.plugin->wakes(shape, event);
    if (measured) observer->hinted(filter.id, event.label, wakes, clock_->now() - began);
    if (wakes) set |= bitOf(filter.id);
  }
  return set;
}

}  // namespace stowage::scheduling
