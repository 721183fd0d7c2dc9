#include "placement/score_index.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace stowage::placement {
namespace {

constexpr std::size_t kBlock = 16;  // slots in a block
constexpr std::size_t kGroup = 24;  // blocks in a group

std::size_t partsOf(std::size_t whole, std::size_t part) { return (whole + part - 1) / part; }

}  // namespace

void ScoreIndex::Level::resize(std::size_t parts, std::size_t width) {
  counts.resize(parts, 0);
  ranges.resize(parts * width);
  stale.resize(parts, 0);
}

void ScoreIndex::Level::touch(std::size_t part) {
  if (stale[part] != 0) return;
  stale[part] = 1;
  stale_list.push_back(part);
}

void ScoreIndex::Level::clear(std::size_t part, std::size_t width) {
  stale[part] = 0;
  counts[part] = 0;
  std::fill_n(ranges.begin() + static_cast<std::ptrdiff_t>(part * width), width, ScoreRange());
}

void ScoreIndex::resize(std::size_t slots) {
  const std::size_t blocks = partsOf(slots, kBlock);
  feasible_.resize(slots, 0);
  raw_.resize(slots * columns_.size());
  blocks_.resize(blocks, columns_.size());
  groups_.resize(partsOf(blocks, kGroup), columns_.size());
}

void ScoreIndex::setFeasible(NodeIndex node, bool feasible) {
  feasible_[node] = feasible ? 1 : 0;
  blocks_.touch(node / kBlock);
}

std::span<std::int64_t> ScoreIndex::change(NodeIndex node) {
  blocks_.touch(node / kBlock);
  return {raw_.data() + node * columns_.size(), columns_.size()};
}

void ScoreIndex::summarise() {
  for (const std::size_t block : blocks_.stale_list) {
    summariseBlock(block);
    groups_.touch(block / kGroup);
  }
  blocks_.stale_list.clear();
  for (const std::size_t group : groups_.stale_list) summariseGroup(group);
  groups_.stale_list.clear();
}

void ScoreIndex::summariseBlock(std::size_t block) {
  const std::size_t width = columns_.size();
  const std::size_t end = std::min((block + 1) * kBlock, feasible_.size());
  blocks_.clear(block, width);
  ScoreRange* ranges = blocks_.ranges.data() + block * width;
  for (std::size_t node = block * kBlock; node < end; ++node) {
    if (feasible_[node] == 0) continue;
    ++blocks_.counts[block];
    for (std::size_t c = 0; c < width; ++c) ranges[c].add(raw_[node * width + c]);
  }
}

void ScoreIndex::summariseGroup(std::size_t group) {
  const std::size_t width = columns_.size();
  const std::size_t end = std::min((group + 1) * kGroup, blocks_.counts.size());
  groups_.clear(group, width);
  ScoreRange* ranges = groups_.ranges.data() + group * width;
  for (std::size_t block = group * kGroup; block < end; ++block) {
    groups_.counts[group] += blocks_.counts[block];
    for (std::size_t c = 0; c < width; ++c) ranges[c].add(blocks_.ranges[block * width + c]);
  }
}

Choice ScoreIndex::best() const {
  const std::size_t width = columns_.size();
  Choice choice;
  std::vector<ScoreRange> total(width);
  for (std::size_t group = 0; group < groups_.counts.size(); ++group) {
    choice.feasible += groups_.counts[group];
    for (std::size_t c = 0; c < width; ++c) total[c].add(groups_.ranges[group * width + c]);
  }
  if (choice.feasible == 0) return choice;
  const ScoreSums sums(columns_, std::move(total));
  BestNode best{choice};
  // In the order of slots, so that the lowest wins among equals.
  for (std::size_t group = 0; group < groups_.counts.size(); ++group) {
    if (mayWin(groups_, group, sums, best)) searchGroup(group, sums, best);
  }
  return choice;
}

bool ScoreIndex::mayWin(const Level& level, std::size_t part, const ScoreSums& sums,
                        const BestNode& best) const {
  if (level.counts[part] == 0) return false;
  const ScoreRange* ranges = level.ranges.data() + part * columns_.size();
  const std::int64_t tie = tie_column_ < columns_.size() ? ranges[tie_column_].highest : 0;
  return best.beatenBy(sums.bound(ranges), tie);
}

void ScoreIndex::searchGroup(std::size_t group, const ScoreSums& sums, BestNode& best) const {
  const std::size_t end = std::min((group + 1) * kGroup, blocks_.counts.size());
  for (std::size_t block = group * kGroup; block < end; ++block) {
    if (mayWin(blocks_, block, sums, best)) searchBlock(block, sums, best);
  }
}

void ScoreIndex::searchBlock(std::size_t block, const ScoreSums& sums, BestNode& best) const {
  const std::size_t end = std::min((block + 1) * kBlock, feasible_.size());
  for (std::size_t node = block * kBlock; node < end; ++node) {
    if (feasible_[node] == 0) continue;
    const std::int64_t* raw = raw_.data() + node * columns_.size();
    best.offer(static_cast<NodeIndex>(node), sums.of(raw), tieValue(raw));
  }
}

Choice ScoreIndex::bestAmong(std::span<const NodeIndex> candidates,
                             std::span<const std::int64_t> extra) const {
  const std::size_t width = columns_.size();
  Choice choice;
  choice.feasible = candidates.size();
  if (candidates.empty()) return choice;
  std::vector<ScoreRange> ranges(width);
  for (const NodeIndex node : candidates) {
    for (std::size_t c = 0; c < width; ++c) ranges[c].add(raw_[node * width + c]);
  }
  const ScoreSums sums(columns_, std::move(ranges));
  BestNode best{choice};
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::int64_t* raw = raw_.data() + candidates[i] * width;
    std::int64_t sum = sums.of(raw);
    if (!extra.empty() && __builtin_add_overflow(sum, extra[i], &sum)) {
      using Limits = std::numeric_limits<std::int64_t>;
      sum = extra[i] > 0 ? Limits::max() : Limits::min();
    }
    best.offer(candidates[i], sum, tieValue(raw));
  }
  return choice;
}

void ScoreIndex::list(std::vector<NodeIndex>& out) const {
  out.clear();
  for (std::size_t block = 0; block < blocks_.counts.size(); ++block) {
    if (blocks_.counts[block] == 0) continue;
    const std::size_t end = std::min((block + 1) * kBlock, feasible_.size());
    for (std::size_t node = block * kBlock; node < end; ++node) {
      if (feasible_[node] != 0) out.push_back(static_cast<NodeIndex>(node));
    }
  }
}

}  // namespace stowage::placement
