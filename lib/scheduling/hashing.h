// Hashing of values made of symbols and numbers. Inline, pure. The hash only picks a bucket:
// equality always decides, so a collision costs time and never a wrong answer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/symbols.h"

namespace stowage::scheduling {

class HashBuilder {
 public:
  void add(std::uint64_t value) {
    // Finaliser of splitmix64 over a running sum: cheap and mixes every bit.
    state_ += value + 0x9e3779b97f4a7c15ULL;
    state_ = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9ULL;
    state_ = (state_ ^ (state_ >> 27)) * 0x94d049bb133111ebULL;
    state_ ^= state_ >> 31;
  }
  void add(const base::Symbol& symbol) { add(static_cast<std::uint64_t>(symbol.hash())); }
  [[nodiscard]] std::size_t value() const { return static_cast<std::size_t>(state_); }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace stowage::scheduling
