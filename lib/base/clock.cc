#include "base/clock.h"

namespace stowage::base {

SteadyTime SystemClock::now() const { return std::chrono::steady_clock::now(); }
WallTime SystemClock::wallNow() const { return std::chrono::system_clock::now(); }

bool SystemClock::sleepUntil(SteadyTime deadline, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop, deadline, [] { return false; });
  return !stop.stop_requested();
}

ManualClock::ManualClock(WallTime start) : now_(std::chrono::hours(1)), wall_(start) {}

SteadyTime ManualClock::now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

WallTime ManualClock::wallNow() const {
  std::lock_guard lock(mutex_);
  return wall_;
}

bool ManualClock::sleepUntil(SteadyTime deadline, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (now_ < deadline) {
    const auto place = deadlines_.insert(deadline);
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return now_ >= deadline; });
    // advance() has taken it out when the time came.
    if (now_ < deadline) deadlines_.erase(place);
  }
  return !stop.stop_requested();
}

void ManualClock::advance(Duration step) {
  std::lock_guard lock(mutex_);
  now_ += step;
  wall_ += std::chrono::duration_cast<WallTime::duration>(step);
  deadlines_.erase(deadlines_.begin(), deadlines_.upper_bound(now_));
  changed_.notify_all();
}

int ManualClock::sleepers() const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(deadlines_.size());
}

bool ManualClock::waitForSleepers(int count, Duration limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit,
                           [&] { return static_cast<int>(deadlines_.size()) >= count; });
}

}  // namespace stowage::base
