// Dice: the choices of a generator, from one seed. Not thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"

namespace stowage::conformance {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : rng_(seed) {}

  std::uint64_t next() { return rng_.next(); }
  std::uint64_t below(std::uint64_t bound) { return rng_.below(bound); }
  // Both ends included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool chance(std::uint64_t percent) { return rng_.below(100) < percent; }
  bool perMille(std::uint64_t part) { return rng_.below(1000) < part; }
  // By value: the choices may be a temporary.
  template <typename T>
  T pick(const std::vector<T>& choices) {
    return choices[rng_.below(choices.size())];
  }

 private:
  base::Rng rng_;
};

}  // namespace stowage::conformance
