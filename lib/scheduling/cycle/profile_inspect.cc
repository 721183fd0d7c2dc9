// The side of ProfileRunner that tells everything about one pod (inspection.h).
#include <algorithm>

#include "scheduling/cycle/inspection.h"
#include "scheduling/cycle/profile_runner.h"

namespace stowage::scheduling {
namespace {

using placement::Fit;
using placement::NodeIndex;
using placement::Verdict;

std::int64_t weightOf(const Profile& profile, std::string_view score) {
  for (const Profile::Score& one : profile.scores) {
    if (one.name == score) return one.weight;
  }
  return 0;
}

std::string namesOf(PluginSet set) {
  std::string names;
  for (PluginId id = 0; id < knownPlugins().size(); ++id) {
    if ((set & bitOf(id)) == 0) continue;
    if (!names.empty()) names += ",";
    names += knownPlugins()[id].name;
  }
  return names;
}

}  // namespace

PodInspection ProfileRunner::inspect(const Attempt& attempt,
                                     std::span<const NodeVerdict> withheld) {
  PodInspection found;
  const Shape& shape = shapes_.at(attempt.shape);
  auto why = preFilter(attempt);
  if (!why && namesNodes(shape) && shape.required_nodes.conflicting()) why = explain(attempt);
  if (why) {
    found.pre_filter =
        PodInspection::PreFilter{namesOf(why->rejectors), why->unresolvable, why->reason};
    found.message = why->message;
    return found;
  }
  const placement::Choice choice = decide(attempt, withheld);
  if (choice.node == placement::kNoNode) {
    found.message = explain(attempt, withheld).message;
  } else {
    found.chosen = cache_.state().nodeName(choice.node);
  }
  std::vector<NodeIndex> feasible;
  peers_.prepare(attempt, shape);
  const auto verdicts = verdicts_->verdicts(attempt.shape);
  for (NodeIndex node = 0; node < verdicts.size(); ++node) {
    if (!cache_.state().present(node)) continue;
    const NodeVerdict* kept = findNode(withheld, node);
    const Verdict verdict = kept != nullptr
                                ? kept->verdict
                                : peers_.combined(verdicts[node], node, evaluations_.filters);
    if (verdict.fit == Fit::kFits) feasible.push_back(node);
    found.nodes.push_back(findingOf(shape, node, verdict));
  }
  found.scores = localScores(attempt.shape, feasible);
  peers_.inspectScores(feasible, found.scores);
  return found;
}

NodeFinding ProfileRunner::findingOf(const Shape& shape, NodeIndex node, const Verdict& verdict) {
  NodeFinding finding;
  finding.node = cache_.state().nodeName(node);
  finding.fit = verdict.fit;
  if (verdict.fit == Fit::kFits) return finding;
  if (verdict.rule != kNotNamedRule) finding.plugin = filter_names_[verdict.rule];
  ReasonCounts reasons;
  countReasons(shape, node, verdict, 1, reasons);
  for (const auto& [reason, count] : reasons) finding.reasons.push_back(reason);
  return finding;
}

std::vector<ScoreFinding> ProfileRunner::localScores(ShapeId id,
                                                     const std::vector<NodeIndex>& feasible) {
  std::vector<ScoreFinding> findings;
  if (feasible.empty()) return findings;
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    findings.push_back({score_names_[i], weightOf(profile_, score_names_[i]), {}, {}});
  }
  std::vector<std::int64_t> raw(scores_.size());
  for (const NodeIndex node : feasible) {
    score(id, node, raw);
    for (std::size_t i = 0; i < raw.size(); ++i) findings[i].raw.push_back(raw[i]);
  }
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const auto [low, high] = std::minmax_element(findings[i].raw.begin(), findings[i].raw.end());
    for (const std::int64_t value : findings[i].raw) {
      findings[i].normalised.push_back(
          placement::normalised(scores_[i]->normalise(), value, *low, *high));
    }
  }
  return findings;
}

}  // namespace stowage::scheduling
