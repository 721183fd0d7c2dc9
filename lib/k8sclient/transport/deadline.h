// Time as sockets and pipes see it: always the machine's own clock, since poll() knows no other.
// Pure functions of that clock; any thread.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace stowage::k8sclient {

inline base::SteadyTime socketNow() {
  static const base::SystemClock clock;
  return clock.now();
}

// The moment `wait` from now. Absurd waits are cut to a year, negative ones are now.
inline base::SteadyTime deadlineIn(base::Duration wait) {
  constexpr base::Duration kYear = std::chrono::hours(24 * 365);
  return socketNow() + std::clamp(wait, base::Duration::zero(), kYear);
}

}  // namespace stowage::k8sclient
