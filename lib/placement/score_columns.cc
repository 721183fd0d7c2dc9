#include "placement/score_columns.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace stowage::placement {
namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t kMaxScore = 100;

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

// Contribution of one column to the sum of one node.
Wide weighted(const ScoreColumn& column, std::int64_t raw, const ScoreRange& range) {
  return saturate(Wide{column.weight} *
                  normalised(column.normalise, raw, range.lowest, range.highest));
}

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

std::size_t tieColumn(std::span<const ScoreColumn> columns) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [](const ScoreColumn& c) { return c.raw_breaks_ties; });
  return static_cast<std::size_t>(found - columns.begin());
}

ScoreSums::ScoreSums(std::span<const ScoreColumn> columns, std::vector<ScoreRange> ranges)
    : columns_(columns), ranges_(std::move(ranges)) {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (ranges_[c].lowest < ranges_[c].highest) {
      differing_.push_back(c);
    } else {
      common_ += weighted(columns_[c], ranges_[c].lowest, ranges_[c]);
    }
  }
}

std::int64_t ScoreSums::of(const std::int64_t* raw) const {
  Wide sum = common_;
  for (const std::size_t c : differing_) sum += weighted(columns_[c], raw[c], ranges_[c]);
  return saturate(sum);
}

// Normalisation is monotone: one end of the range gives the most.
std::int64_t ScoreSums::bound(const ScoreRange* group) const {
  Wide sum = common_;
  for (const std::size_t c : differing_) {
    sum += std::max(weighted(columns_[c], group[c].lowest, ranges_[c]),
                    weighted(columns_[c], group[c].highest, ranges_[c]));
  }
  return saturate(sum);
}

}  // namespace stowage::placement
