#include "placement/shape_cache.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "placement/score_index.h"

namespace stowage::placement {

Choice chooseNaively(const ClusterState& state, NodeRules& rules,
                     std::span<const ScoreColumn> columns, ShapeId shape) {
  const std::size_t width = columns.size();
  const std::size_t tie = tieColumn(columns);
  std::vector<NodeIndex> feasible;
  std::vector<std::int64_t> raw;  // [feasible node][column]
  std::vector<ScoreRange> ranges(width);
  Choice choice;
  for (NodeIndex node = 0; node < state.slots(); ++node) {
    if (!state.present(node)) continue;
    ++choice.evaluated;
    if (rules.check(shape, node).fit != Fit::kFits) continue;
    feasible.push_back(node);
    raw.resize(feasible.size() * width);
    const auto row = std::span(raw).last(width);
    rules.score(shape, node, row);
    for (std::size_t c = 0; c < width; ++c) ranges[c].add(row[c]);
  }
  choice.feasible = feasible.size();
  const ScoreSums sums(columns, std::move(ranges));
  BestNode best{choice};
  for (std::size_t i = 0; i < feasible.size(); ++i) {
    const std::int64_t* row = raw.data() + i * width;
    best.offer(feasible[i], sums.of(row), tie < width ? row[tie] : 0);
  }
  return choice;
}

// Everything known about one shape.
struct ShapeCache::Entry {
  explicit Entry(std::span<const ScoreColumn> columns) : index(columns) {}
  bool complete = false;          // false: nothing is known yet
  std::uint64_t version = 0;      // of the state that the verdicts belong to
  std::uint64_t score_epoch = 0;  // that the scores belong to
  bool scores_known = true;       // false: this shape's were forgotten
  std::uint64_t last_use = 0;
  std::vector<Verdict> verdicts;  // [slot]
  ScoreIndex index;
};

ShapeCache::ShapeCache(const ClusterState& state, NodeRules& rules,
                       std::vector<ScoreColumn> columns, std::size_t max_shapes)
    : state_(state),
      rules_(rules),
      columns_(std::move(columns)),
      max_shapes_(std::max<std::size_t>(max_shapes, 1)),
      raw_(columns_.size()) {}

ShapeCache::~ShapeCache() = default;

void ShapeCache::forget(ShapeId shape) { entries_.erase(shape); }

void ShapeCache::forgetScores(ShapeId shape) {
  const auto found = entries_.find(shape);
  if (found != entries_.end()) found->second->scores_known = false;
}

ShapeCache::Entry& ShapeCache::entryOf(ShapeId shape) {
  const auto found = entries_.find(shape);
  if (found != entries_.end()) return *found->second;
  if (entries_.size() >= max_shapes_) evictLeastRecentlyUsed();
  return *entries_.emplace(shape, std::make_unique<Entry>(columns_)).first->second;
}

// A scan: a new shape looks at every node anyway, which costs more.
void ShapeCache::evictLeastRecentlyUsed() {
  const auto oldest = std::min_element(
      entries_.begin(), entries_.end(),
      [](const auto& a, const auto& b) { return a.second->last_use < b.second->last_use; });
  entries_.erase(oldest);
}

// Leaves in changed_ each node once that changed since the entry was brought up to date.
void ShapeCache::collectChanged(Entry& entry) {
  changed_.clear();
  entry.complete = entry.complete && state_.changedSince(entry.version, changed_);
  if (!entry.complete) {
    changed_.resize(state_.slots());
    for (NodeIndex node = 0; node < changed_.size(); ++node) changed_[node] = node;
    return;
  }
  node_mark_.resize(state_.slots(), 0);
  std::size_t kept = 0;
  for (const NodeIndex node : changed_) {
    if (node_mark_[node] == mark_) continue;
    node_mark_[node] = mark_;
    changed_[kept++] = node;
  }
  changed_.resize(kept);
}

ShapeCache::Entry& ShapeCache::refresh(ShapeId shape, std::size_t& evaluated) {
  Entry& entry = entryOf(shape);
  entry.last_use = ++uses_;
  ++mark_;
  const std::size_t slots = state_.slots();
  collectChanged(entry);
  entry.verdicts.resize(slots);
  entry.index.resize(slots);
  evaluated = changed_.size();
  const bool rescore = entry.complete && (entry.score_epoch != score_epoch_ || !entry.scores_known);
  for (const NodeIndex node : changed_) check(shape, entry, node);
  rules_.checked();
  for (const NodeIndex node : changed_) score(shape, entry, node);
  if (rescore) rescoreOthers(shape, entry, evaluated);
  entry.index.summarise();
  entry.complete = true;
  entry.version = state_.version();
  entry.score_epoch = score_epoch_;
  entry.scores_known = true;
  if (verify_) verifyEntry(shape, entry);
  return entry;
}

void ShapeCache::check(ShapeId shape, Entry& entry, NodeIndex node) {
  const bool present = state_.present(node);
  entry.verdicts[node] = present ? rules_.check(shape, node) : Verdict{};
  entry.index.setFeasible(node, present && entry.verdicts[node].fit == Fit::kFits);
}

void ShapeCache::score(ShapeId shape, Entry& entry, NodeIndex node) {
  if (!entry.index.feasible(node)) return;
  rules_.score(shape, node, entry.index.change(node));
}

// The nodes that this refresh has not scored already.
void ShapeCache::rescoreOthers(ShapeId shape, Entry& entry, std::size_t& evaluated) {
  for (NodeIndex node = 0; node < entry.index.slots(); ++node) {
    if (!entry.index.feasible(node) || node_mark_[node] == mark_) continue;
    score(shape, entry, node);
    ++evaluated;
  }
}

Choice ShapeCache::choose(ShapeId shape) {
  std::size_t evaluated = 0;
  const Entry& entry = refresh(shape, evaluated);
  Choice choice = entry.index.best();
  if (verify_) {
    const Choice naive = chooseNaively(state_, rules_, columns_, shape);
    STOWAGE_CHECK(choice.node == naive.node && choice.score == naive.score &&
                      choice.feasible == naive.feasible,
                  "the cached choice differs from the naive one");
  }
  choice.evaluated = evaluated;
  return choice;
}

void ShapeCache::feasible(ShapeId shape, std::vector<NodeIndex>& out) {
  std::size_t evaluated = 0;
  refresh(shape, evaluated).index.list(out);
}

Choice ShapeCache::chooseAmong(ShapeId shape, std::span<const NodeIndex> candidates,
                               std::span<const std::int64_t> extra) {
  std::size_t evaluated = 0;
  const Entry& entry = refresh(shape, evaluated);
  Choice choice = entry.index.bestAmong(candidates, extra);
  choice.evaluated = evaluated;
  return choice;
}

std::span<const Verdict> ShapeCache::verdicts(ShapeId shape) {
  std::size_t evaluated = 0;
  return refresh(shape, evaluated).verdicts;
}

Verdict ShapeCache::verdict(ShapeId shape, NodeIndex node) {
  std::size_t evaluated = 0;
  const Entry& entry = refresh(shape, evaluated);
  return node < entry.verdicts.size() ? entry.verdicts[node] : Verdict{};
}

void ShapeCache::verifyEntry(ShapeId shape, const Entry& entry) {
  for (NodeIndex node = 0; node < state_.slots(); ++node) {
    const Verdict expected = state_.present(node) ? rules_.check(shape, node) : Verdict{};
    STOWAGE_CHECK(entry.verdicts[node] == expected, "a cached verdict is stale");
    if (!entry.index.feasible(node)) continue;
    rules_.score(shape, node, raw_);
    STOWAGE_CHECK(std::ranges::equal(raw_, entry.index.raw(node)), "a cached score is stale");
  }
}

}  // namespace stowage::placement
