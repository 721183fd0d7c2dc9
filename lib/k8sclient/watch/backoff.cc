#include "k8sclient/watch/backoff.h"

#include <algorithm>

namespace stowage::k8sclient {

base::Duration Backoff::next(base::SteadyTime now, base::Rng& rng) {
  if (last_ && now - *last_ > options_.reset_after) next_ = options_.initial;
  const base::Duration wait = next_ + base::Duration(static_cast<base::Duration::rep>(
                                          static_cast<double>(next_.count()) * rng.uniform()));
  next_ = std::min(next_ * 2, options_.cap);
  // Counted from the end of the wait, so that a long wait does not reset the next one.
  last_ = now + wait;
  return wait;
}

}  // namespace stowage::k8sclient
