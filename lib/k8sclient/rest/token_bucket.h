// TokenBucket: client-side rate limit in queries per second with a burst. Thread safe.
#pragma once

#include <mutex>

#include "base/clock.h"

namespace stowage::k8sclient {

class TokenBucket {
 public:
  // `qps` > 0, `burst` >= 1.
  TokenBucket(double qps, int burst) : qps_(qps), burst_(burst), tokens_(burst) {}

  // Takes one token, on credit if need be, and returns how long its owner has to wait before use.
  // A wait above `longest` takes nothing and returns it all the same.
  base::Duration take(base::SteadyTime now, base::Duration longest);

 private:
  const double qps_;
  const double burst_;
  std::mutex mutex_;
  double tokens_;
  base::SteadyTime last_{};
};

}  // namespace stowage::k8sclient
