#include "scheduling/cycle/peer_rules.h"

#include <algorithm>

namespace stowage::scheduling {

using placement::Fit;
using placement::NodeIndex;
using placement::Verdict;

void PeerRules::addFilter(std::unique_ptr<PeerFilter> filter, std::uint8_t rule, PluginId id) {
  filters_.push_back({std::move(filter), rule, id, false});
}

void PeerRules::addScore(std::unique_ptr<PeerScore> score, std::int64_t weight,
                         std::size_t counter) {
  scores_.push_back({std::move(score), weight, counter, false});
}

bool PeerRules::prepareFilters(const Attempt& attempt, const Shape& shape) {
  bool any = false;
  for (Filter& filter : filters_) {
    filter.active = filter.plugin->prepare(attempt.pod, shape);
    any |= filter.active;
  }
  return any;
}

bool PeerRules::prepare(const Attempt& attempt, const Shape& shape) {
  bool any = prepareFilters(attempt, shape);
  for (Score& score : scores_) {
    score.active = score.plugin->prepare(attempt.pod, shape);
    any |= score.active;
  }
  return any;
}

Verdict PeerRules::combined(const Verdict& local, NodeIndex node,
                            std::span<std::uint64_t> evaluations) const {
  if (local.fit != Fit::kFits && local.rule == kNotNamedRule) return local;
  for (const Filter& filter : filters_) {
    if (!filter.active) continue;
    if (local.fit != Fit::kFits && local.rule < filter.rule) return local;
    ++evaluations[filter.rule];
    const Verdict verdict = filter.plugin->check(node, filter.rule);
    if (verdict.fit != Fit::kFits) return verdict;
  }
  return local;
}

void PeerRules::keepFeasible(std::vector<NodeIndex>& nodes, std::span<std::uint64_t> evaluations,
                             DecisionWatch& watch) const {
  for (const Filter& filter : filters_) {
    if (!filter.active) continue;
    evaluations[filter.rule] += nodes.size();
    watch.filterAll(filter.rule, [&] {
      Fit worst = Fit::kFits;
      std::erase_if(nodes, [&](NodeIndex node) {
        const Fit fit = filter.plugin->check(node, filter.rule).fit;
        worst = std::max(worst, fit);
        return fit != Fit::kFits;
      });
      return worst;
    });
  }
}

void PeerRules::score(std::span<const NodeIndex> nodes, std::vector<std::int64_t>& sums,
                      std::span<std::uint64_t> evaluations, DecisionWatch& watch) {
  sums.clear();
  for (const Score& score : scores_) {
    if (!score.active) continue;
    evaluations[score.counter] += nodes.size();
    sums.resize(nodes.size(), 0);
    raw_.assign(nodes.size(), 0);
    watch.score(score.counter, [&] {
      score.plugin->score(nodes, raw_);
      score.plugin->normalise(nodes, raw_);
    });
    for (std::size_t i = 0; i < nodes.size(); ++i) sums[i] += score.weight * raw_[i];
  }
}

void PeerRules::inspectScores(std::span<const NodeIndex> nodes,
                              std::vector<ScoreFinding>& findings) {
  if (nodes.empty()) return;
  for (const Score& score : scores_) {
    if (!score.active) continue;
    ScoreFinding& finding = findings.emplace_back();
    finding.plugin = score.plugin->name();
    finding.weight = score.weight;
    finding.raw.resize(nodes.size());
    score.plugin->score(nodes, finding.raw);
    finding.normalised = finding.raw;
    score.plugin->normalise(nodes, finding.normalised);
  }
}

const PeerFilter* PeerRules::filterOf(std::uint8_t rule) const {
  for (const Filter& filter : filters_) {
    if (filter.rule == rule) return filter.plugin.get();
  }
  return nullptr;
}

PluginSet PeerRules::filters() const {
  PluginSet set = 0;
  for (const Filter& filter : filters_) set |= bitOf(filter.id);
  return set;
}

PluginSet PeerRules::wakers(const kubeapi::Pod& pod, const ClusterEvent& event) const {
  PluginSet set = 0;
  for (const Filter& filter : filters_) {
    if ((filter.plugin->events() & event.kinds) == 0) continue;
    if (filter.plugin->wakes(pod, event)) set |= bitOf(filter.id);
  }
  return set;
}

}  // namespace stowage::scheduling
