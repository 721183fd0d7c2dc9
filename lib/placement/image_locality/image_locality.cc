#include "placement/image_locality/image_locality.h"

#include <algorithm>

namespace stowage::placement {
namespace {

constexpr std::int64_t kMegabyte = std::int64_t{1} << 20;
// Less is not worth a pull, more per container not worth a detour.
constexpr std::int64_t kLeast = 23 * kMegabyte;
constexpr std::int64_t kMostPerContainer = 1000 * kMegabyte;
// More containers than any pod has; products stay far from overflow.
constexpr std::size_t kMaxContainers = std::size_t{1} << 20;

}  // namespace

std::int64_t imageWorth(std::int64_t bytes, std::size_t having, std::size_t nodes) {
  if (nodes == 0) return 0;
  const double spread = static_cast<double>(having) / static_cast<double>(nodes);
  return static_cast<std::int64_t>(static_cast<double>(bytes) * spread);
}

std::int64_t imageLocality(std::int64_t sum, std::size_t containers) {
  const std::size_t counted = std::clamp<std::size_t>(containers, 1, kMaxContainers);
  const std::int64_t most = kMostPerContainer * static_cast<std::int64_t>(counted);
  return 100 * (std::clamp(sum, kLeast, most) - kLeast) / (most - kLeast);
}

}  // namespace stowage::placement
