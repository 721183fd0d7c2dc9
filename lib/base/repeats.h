// Repeats: whether something is worth another line in the log, or has just been said. For what is
// tried again and again and fails alike each time. Remembers the last few things said. Not thread
// safe; owned by whoever tries.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "base/clock.h"

namespace stowage::base {

class Repeats {
 public:
  explicit Repeats(Duration quiet) : quiet_(quiet) {}

  // True for new words, and for the same ones after a quiet time. Then they count as said now.
  bool worthSaying(const std::string& words, SteadyTime now) {
    constexpr std::size_t kRemembered = 8;
    const auto found = std::find_if(said_.begin(), said_.end(),
                                    [&](const auto& said) { return said.first == words; });
    if (found != said_.end()) {
      if (now - found->second < quiet_) return false;
      found->second = now;
      return true;
    }
    if (said_.size() == kRemembered) said_.pop_front();
    said_.emplace_back(words, now);
    return true;
  }
  // It went well: the next failure is news whatever its words.
  void forget() { said_.clear(); }

 private:
  const Duration quiet_;
  std::deque<std::pair<std::string, SteadyTime>> said_;
};

}  // namespace stowage::base
