#include "base/near_name.h"

#include <algorithm>

namespace stowage::base {

namespace {

constexpr std::size_t kLongest = 64;

// Levenshtein distance; names are short.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() > kLongest || b.size() > kLongest) return kLongest;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearestName(std::string_view name, const std::vector<std::string>& known) {
  std::size_t best = 4;  // four and more typos are another word
  std::string found;
  for (const std::string& candidate : known) {
    const std::size_t cost = distance(name, candidate);
    if (cost < best && cost < candidate.size()) {
      best = cost;
      found = candidate;
    }
  }
  return found;
}

}  // namespace stowage::base
