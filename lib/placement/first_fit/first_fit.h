// First Fit: every feasible node is equal, so the lowest slot wins (ShapeCache's tie order).
#pragma once

#include <cstdint>

namespace stowage::placement {

constexpr std::int64_t firstFit() { return 0; }

}  // namespace stowage::placement
