#include "placement/balanced_allocation/balanced_allocation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "placement/weighted_fractions.h"

namespace stowage::placement {
namespace {

constexpr std::int64_t kMaxScore = 100;

double fractionOf(std::int64_t used, std::int64_t whole) {
  return std::min(static_cast<double>(used) / static_cast<double>(whole), 1.0);
}

}  // namespace

std::int64_t evenness(std::span<const double> fractions) {
  double deviation = 0;
  if (fractions.size() == 2) {
    deviation = std::abs((fractions[0] - fractions[1]) / 2);
  } else if (fractions.size() > 2) {
    const auto count = static_cast<double>(fractions.size());
    double total = 0;
    for (const double fraction : fractions) total += fraction;
    const double mean = total / count;
    double squares = 0;
    for (const double fraction : fractions) {
      const double off = (fraction - mean) * (fraction - mean);
      squares += off;
    }
    deviation = std::sqrt(squares / count);
  }
  return static_cast<std::int64_t>((1 - deviation) * static_cast<double>(kMaxScore));
}

std::int64_t balancedAllocation(const ClusterState& state, NodeIndex node, const Demand& demand,
                                std::span<const Dimension> resources) {
  // Profiles name a handful of resources; more do not fit the stack and take the slow way.
  constexpr std::size_t kOnStack = 16;
  std::array<double, 2 * kOnStack> on_stack{};
  std::vector<double> on_heap(resources.size() > kOnStack ? 2 * resources.size() : 0);
  const std::span<double> room = on_heap.empty() ? std::span<double>(on_stack) : on_heap;
  const std::span<double> with = room.first(room.size() / 2);
  const std::span<double> without = room.last(room.size() / 2);
  std::size_t count = 0;
  for (const Dimension dim : resources) {
    const std::int64_t asked = amountOf(demand, dim);
    const std::int64_t whole = state.allocatable(dim, node);
    if (dim == kPods || whole == 0 || (dim >= kFirstScalar && asked == 0)) continue;
    const std::int64_t used = state.requested(dim, node);
    with[count] = fractionOf(saturatedSum(used, asked), whole);
    without[count] = fractionOf(used, whole);
    ++count;
  }
  const std::int64_t gain = evenness(with.first(count)) - evenness(without.first(count));
  return kMaxScore / 2 + (kMaxScore / 2 + gain) / 2;
}

}  // namespace stowage::placement
