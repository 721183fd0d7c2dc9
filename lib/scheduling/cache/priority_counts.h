// PriorityCounts: how many pods of each priority are on one node, so that the lowest is known
// without looking at the pods. Few priorities are in use at a time: a short sorted list.
// Single-threaded value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace stowage::scheduling {

class PriorityCounts {
 public:
  void add(std::int32_t priority) {
    const auto at = find(priority);
    if (at != counts_.end() && at->first == priority) {
      ++at->second;
    } else {
      counts_.insert(at, {priority, 1});
    }
  }
  // One that was added.
  void remove(std::int32_t priority) {
    const auto at = find(priority);
    if (--at->second == 0) counts_.erase(at);
  }
  [[nodiscard]] bool anyBelow(std::int32_t priority) const {
    return !counts_.empty() && counts_.front().first < priority;
  }
  friend bool operator==(const PriorityCounts&, const PriorityCounts&) = default;

 private:
  using Count = std::pair<std::int32_t, std::uint32_t>;
  std::vector<Count>::iterator find(std::int32_t priority) {
    return std::lower_bound(counts_.begin(), counts_.end(), priority,
                            [](const Count& each, std::int32_t p) { return each.first < p; });
  }
  std::vector<Count> counts_;  // ascending priorities, counts above 0
};

}  // namespace stowage::scheduling
