#include "k8sclient/rest/token_bucket.h"

#include <algorithm>

namespace stowage::k8sclient {

base::Duration TokenBucket::take(base::SteadyTime now, base::Duration longest) {
  std::lock_guard lock(mutex_);
  if (now > last_) {
    const std::chrono::duration<double> passed = now - last_;
    tokens_ = std::min(burst_, tokens_ + passed.count() * qps_);
    last_ = now;
  }
  const double missing = 1.0 - tokens_;
  base::Duration wait{0};
  if (missing > 0) {
    wait = std::chrono::duration_cast<base::Duration>(
        std::chrono::duration<double>(std::min(missing / qps_, 1e9)));
  }
  if (wait <= longest) tokens_ -= 1.0;
  return wait;
}

}  // namespace stowage::k8sclient
