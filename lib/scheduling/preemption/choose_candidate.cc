#include "scheduling/preemption/choose_candidate.h"

#include <algorithm>
#include <compare>
#include <tuple>

#include "scheduling/preemption/victim_order.h"

namespace stowage::scheduling {
namespace {

// What a candidate costs; the least wins, in the order of the fields.
struct Cost {
  std::size_t violations = 0;
  std::int64_t highest_priority = 0;
  std::int64_t sum_of_priorities = 0;
  std::size_t victims = 0;
  base::WallTime earliest_start;  // of the victims with the highest priority; the latest wins

  friend bool operator<(const Cost& a, const Cost& b) {
    const auto key = [](const Cost& c) {
      return std::tuple(c.violations, c.highest_priority, c.sum_of_priorities, c.victims);
    };
    if (key(a) != key(b)) return key(a) < key(b);
    return a.earliest_start > b.earliest_start;
  }
};

// Makes every priority positive, so that one pod of negative priority is cheaper than two.
constexpr std::int64_t kShift = std::int64_t{1} << 31;

Cost costOf(const Candidate& candidate) {
  const auto& pods = candidate.victims.pods;
  Cost cost;
  cost.violations = candidate.victims.violations;
  cost.highest_priority = pods.front()->spec.priority;
  cost.victims = pods.size();
  cost.earliest_start = base::WallTime::max();
  for (const auto& pod : pods) {
    cost.sum_of_priorities += pod->spec.priority + kShift;
    if (pod->spec.priority != pods.front()->spec.priority) continue;
    cost.earliest_start = std::min(cost.earliest_start, startOf(*pod));
  }
  return cost;
}

}  // namespace

std::size_t candidatesWanted(std::size_t nodes, std::int64_t percentage, std::int64_t absolute) {
  const auto count = static_cast<std::int64_t>(nodes);
  return static_cast<std::size_t>(std::min(std::max(count * percentage / 100, absolute), count));
}

std::size_t chooseCandidate(std::span<const Candidate> candidates) {
  std::size_t best = 0;
  Cost lowest = costOf(candidates.front());
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    const Cost cost = costOf(candidates[i]);
    if (!(cost < lowest)) continue;
    lowest = cost;
    best = i;
  }
  return best;
}

}  // namespace stowage::scheduling
