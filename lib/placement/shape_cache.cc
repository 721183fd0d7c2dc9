#include "placement/shape_cache.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace stowage::placement {
namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t kMaxScore = 100;
constexpr std::size_t kBlock = 64;  // slots summarised together

std::int64_t saturate(Wide value) {
  using Limits = std::numeric_limits<std::int64_t>;
  return static_cast<std::int64_t>(std::clamp<Wide>(value, Limits::min(), Limits::max()));
}

// 100 * part / whole, truncated. Whole is not 0.
std::int64_t percent(Wide part, Wide whole) {
  constexpr Wide kSmall = std::numeric_limits<std::int64_t>::max() / kMaxScore;
  if (part < kSmall && part > -kSmall && whole < kSmall && whole > -kSmall) [[likely]] {
    return static_cast<std::int64_t>(part) * kMaxScore / static_cast<std::int64_t>(whole);
  }
  return saturate(part * kMaxScore / whole);
}

std::size_t tieColumn(std::span<const ScoreColumn> columns) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [](const ScoreColumn& c) { return c.raw_breaks_ties; });
  return static_cast<std::size_t>(found - columns.begin());
}

struct Range {
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  std::int64_t highest = std::numeric_limits<std::int64_t>::min();
  void add(std::int64_t value) {
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  void add(const Range& other) {
    lowest = std::min(lowest, other.lowest);
    highest = std::max(highest, other.highest);
  }
};

// Contribution of one column to the sum of one node.
Wide weighted(const ScoreColumn& column, std::int64_t raw, const Range& range) {
  return saturate(Wide{column.weight} *
                  normalised(column.normalise, raw, range.lowest, range.highest));
}

// Weighted sums of nodes and of blocks. Columns in which all nodes are equal add the same to each
// of them and are summed once.
class Sums {
 public:
  Sums(std::span<const ScoreColumn> columns, std::vector<Range> ranges)
      : columns_(columns), ranges_(std::move(ranges)) {
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (ranges_[c].lowest < ranges_[c].highest) {
        differing_.push_back(c);
      } else {
        common_ += weighted(columns_[c], ranges_[c].lowest, ranges_[c]);
      }
    }
  }
  [[nodiscard]] std::int64_t of(const std::int64_t* raw) const {
    Wide sum = common_;
    for (const std::size_t c : differing_) sum += weighted(columns_[c], raw[c], ranges_[c]);
    return saturate(sum);
  }
  // No node of a block with these ranges has a higher sum: normalisation is monotone.
  [[nodiscard]] std::int64_t bound(const Range* block) const {
    Wide sum = common_;
    for (const std::size_t c : differing_) {
      sum += std::max(weighted(columns_[c], block[c].lowest, ranges_[c]),
                      weighted(columns_[c], block[c].highest, ranges_[c]));
    }
    return saturate(sum);
  }

 private:
  std::span<const ScoreColumn> columns_;
  std::vector<Range> ranges_;
  std::vector<std::size_t> differing_;
  Wide common_ = 0;
};

// Best so far, offered nodes in the order of slots.
struct Best {
  Choice& choice;
  std::int64_t tie = 0;
  [[nodiscard]] bool beatenBy(std::int64_t score, std::int64_t tie_value) const {
    return choice.node == kNoNode || score > choice.score ||
           (score == choice.score && tie_value > tie);
  }
  void offer(NodeIndex node, std::int64_t score, std::int64_t tie_value) {
    if (!beatenBy(score, tie_value)) return;
    choice.node = node;
    choice.score = score;
    tie = tie_value;
  }
};

}  // namespace

std::int64_t normalised(Normalise how, std::int64_t raw, std::int64_t lowest,
                        std::int64_t highest) {
  switch (how) {
    case Normalise::kNone:
      return raw;
    case Normalise::kMax:
      return highest <= 0 ? 0 : percent(raw, highest);
    case Normalise::kMaxReversed:
      return highest <= 0 ? kMaxScore : saturate(Wide{kMaxScore} - percent(raw, highest));
    case Normalise::kMinMax:
      if (lowest >= highest) return kMaxScore;
      return percent(Wide{raw} - lowest, Wide{highest} - lowest);
  }
  return 0;
}

Choice chooseNaively(const ClusterState& state, NodeRules& rules,
                     std::span<const ScoreColumn> columns, ShapeId shape) {
  const std::size_t width = columns.size();
  const std::size_t tie = tieColumn(columns);
  std::vector<NodeIndex> feasible;
  std::vector<std::int64_t> raw;  // [feasible node][column]
  std::vector<Range> ranges(width);
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
  Best best{choice};
  for (std::size_t i = 0; i < feasible.size(); ++i) {
    const auto row = std::span(raw).subspan(i * width, width);
    Wide sum = 0;
    for (std::size_t c = 0; c < width; ++c) sum += weighted(columns[c], row[c], ranges[c]);
    best.offer(feasible[i], saturate(sum), tie < width ? row[tie] : 0);
  }
  return choice;
}

// Everything known about one shape. Vectors are indexed by slot, or by [block][column].
struct ShapeCache::Entry {
  bool complete = false;          // false: nothing is known yet
  std::uint64_t version = 0;      // of the state that the verdicts belong to
  std::uint64_t score_epoch = 0;  // that the scores belong to
  bool scores_known = true;       // false: this shape's were forgotten
  std::uint64_t last_use = 0;
  std::vector<Verdict> verdicts;
  std::vector<std::int64_t> raw;        // [slot][column]; meaningful for feasible nodes
  std::vector<std::uint8_t> feasible;   // [slot]: present and fits
  std::vector<std::uint32_t> in_block;  // [block]: number of feasible nodes
  std::vector<Range> ranges;            // [block][column]: over the feasible nodes
};

ShapeCache::ShapeCache(const ClusterState& state, NodeRules& rules,
                       std::vector<ScoreColumn> columns, std::size_t max_shapes)
    : state_(state),
      rules_(rules),
      columns_(std::move(columns)),
      max_shapes_(std::max<std::size_t>(max_shapes, 1)),
      tie_column_(tieColumn(columns_)),
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
  return *entries_.emplace(shape, std::make_unique<Entry>()).first->second;
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
  const std::size_t blocks = (slots + kBlock - 1) / kBlock;
  collectChanged(entry);
  entry.verdicts.resize(slots);
  entry.raw.resize(slots * columns_.size());
  entry.feasible.resize(slots, 0);
  entry.in_block.resize(blocks, 0);
  entry.ranges.resize(blocks * columns_.size());
  block_mark_.resize(blocks, 0);
  dirty_blocks_.clear();
  evaluated = changed_.size();
  const bool rescore = entry.complete && (entry.score_epoch != score_epoch_ || !entry.scores_known);
  for (const NodeIndex node : changed_) check(shape, entry, node);
  rules_.checked();
  for (const NodeIndex node : changed_) {
    score(shape, entry, node);
    const std::size_t block = node / kBlock;
    if (block_mark_[block] == mark_) continue;
    block_mark_[block] = mark_;
    dirty_blocks_.push_back(block);
  }
  if (rescore) {
    for (NodeIndex node = 0; node < slots; ++node) {
      if (entry.feasible[node] == 0 || node_mark_[node] == mark_) continue;
      score(shape, entry, node);
      ++evaluated;
    }
    for (std::size_t block = 0; block < blocks; ++block) summarise(entry, block);
  } else {
    for (const std::size_t block : dirty_blocks_) summarise(entry, block);
  }
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
  entry.feasible[node] = present && entry.verdicts[node].fit == Fit::kFits ? 1 : 0;
}

void ShapeCache::score(ShapeId shape, Entry& entry, NodeIndex node) {
  if (entry.feasible[node] == 0) return;
  const std::size_t width = columns_.size();
  rules_.score(shape, node, std::span(entry.raw).subspan(node * width, width));
}

void ShapeCache::summarise(Entry& entry, std::size_t block) {
  const std::size_t width = columns_.size();
  const std::size_t end = std::min((block + 1) * kBlock, state_.slots());
  std::uint32_t count = 0;
  const auto ranges = std::span(entry.ranges).subspan(block * width, width);
  std::fill(ranges.begin(), ranges.end(), Range());
  for (std::size_t node = block * kBlock; node < end; ++node) {
    if (entry.feasible[node] == 0) continue;
    ++count;
    for (std::size_t c = 0; c < width; ++c) ranges[c].add(entry.raw[node * width + c]);
  }
  entry.in_block[block] = count;
}

// Blocks that cannot beat the best so far are passed over. They are visited in order, so the lowest
// slot wins among equals.
Choice ShapeCache::pick(const Entry& entry) const {
  const std::size_t width = columns_.size();
  const std::size_t blocks = entry.in_block.size();
  Choice choice;
  std::vector<Range> total(width);
  for (std::size_t block = 0; block < blocks; ++block) {
    if (entry.in_block[block] == 0) continue;
    choice.feasible += entry.in_block[block];
    for (std::size_t c = 0; c < width; ++c) total[c].add(entry.ranges[block * width + c]);
  }
  if (choice.feasible == 0) return choice;
  const Sums sums(columns_, std::move(total));
  Best best{choice};
  for (std::size_t block = 0; block < blocks; ++block) {
    if (entry.in_block[block] == 0) continue;
    const Range* ranges = entry.ranges.data() + block * width;
    const std::int64_t tie_bound = tie_column_ < width ? ranges[tie_column_].highest : 0;
    if (!best.beatenBy(sums.bound(ranges), tie_bound)) continue;
    const std::size_t end = std::min((block + 1) * kBlock, entry.feasible.size());
    for (std::size_t node = block * kBlock; node < end; ++node) {
      if (entry.feasible[node] == 0) continue;
      const std::int64_t* raw = entry.raw.data() + node * width;
      best.offer(static_cast<NodeIndex>(node), sums.of(raw),
                 tie_column_ < width ? raw[tie_column_] : 0);
    }
  }
  return choice;
}

Choice ShapeCache::choose(ShapeId shape) {
  std::size_t evaluated = 0;
  const Entry& entry = refresh(shape, evaluated);
  Choice choice = pick(entry);
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
  const Entry& entry = refresh(shape, evaluated);
  out.clear();
  for (std::size_t block = 0; block < entry.in_block.size(); ++block) {
    if (entry.in_block[block] == 0) continue;
    const std::size_t end = std::min((block + 1) * kBlock, entry.feasible.size());
    for (std::size_t node = block * kBlock; node < end; ++node) {
      if (entry.feasible[node] != 0) out.push_back(static_cast<NodeIndex>(node));
    }
  }
}

Choice ShapeCache::chooseAmong(ShapeId shape, std::span<const NodeIndex> candidates,
                               std::span<const std::int64_t> extra) {
  Choice choice;
  const Entry& entry = refresh(shape, choice.evaluated);
  const std::size_t width = columns_.size();
  choice.feasible = candidates.size();
  std::vector<Range> ranges(width);
  for (const NodeIndex node : candidates) {
    for (std::size_t c = 0; c < width; ++c) ranges[c].add(entry.raw[node * width + c]);
  }
  if (candidates.empty()) return choice;
  const Sums sums(columns_, std::move(ranges));
  Best best{choice};
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::int64_t* raw = entry.raw.data() + candidates[i] * width;
    const Wide sum = Wide{sums.of(raw)} + (extra.empty() ? 0 : extra[i]);
    best.offer(candidates[i], saturate(sum), tie_column_ < width ? raw[tie_column_] : 0);
  }
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
  const std::size_t width = columns_.size();
  for (NodeIndex node = 0; node < state_.slots(); ++node) {
    const Verdict expected = state_.present(node) ? rules_.check(shape, node) : Verdict{};
    STOWAGE_CHECK(entry.verdicts[node] == expected, "a cached verdict is stale");
    if (entry.feasible[node] == 0) continue;
    rules_.score(shape, node, raw_);
    STOWAGE_CHECK(std::equal(raw_.begin(), raw_.end(), entry.raw.begin() + node * width),
                  "a cached score is stale");
  }
}

}  // namespace stowage::placement
