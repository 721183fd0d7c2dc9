#include "testing/api/stepping_clock.h"

#include <algorithm>

namespace stowage::testing {

base::SteadyTime SteppingClock::now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

base::WallTime SteppingClock::wallNow() const {
  std::lock_guard lock(mutex_);
  return wall_;
}

bool SteppingClock::sleepUntil(base::SteadyTime deadline, const std::stop_token& stop) {
  std::lock_guard lock(mutex_);
  if (stop.stop_requested()) return false;
  const base::Duration step = std::max(base::Duration::zero(), base::Duration(deadline - now_));
  sleeps_.push_back(step);
  now_ += step;
  wall_ += std::chrono::duration_cast<base::WallTime::duration>(step);
  return true;
}

void SteppingClock::advance(base::Duration step) {
  std::lock_guard lock(mutex_);
  now_ += step;
  wall_ += std::chrono::duration_cast<base::WallTime::duration>(step);
}

void SteppingClock::skewWall(base::Duration step) {
  std::lock_guard lock(mutex_);
  wall_ += std::chrono::duration_cast<base::WallTime::duration>(step);
}

std::vector<base::Duration> SteppingClock::sleeps() const {
  std::lock_guard lock(mutex_);
  return sleeps_;
}

}  // namespace stowage::testing
