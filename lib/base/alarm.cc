#include "base/alarm.h"

#include <functional>
#include <utility>

namespace stowage::base {

std::uint64_t Alarm::rings() const {
  std::lock_guard lock(mutex_);
  return rings_;
}

void Alarm::sleepUntil(SteadyTime deadline, std::uint64_t seen, const std::stop_token& stop) {
  std::stop_source wake;
  {
    std::lock_guard lock(mutex_);
    if (rings_ != seen) return;
    wake = wake_;
  }
  // Another thread may ring, or stop, from here on: both end the sleep through `wake`.
  const std::stop_callback on_stop(stop, [wake]() mutable { wake.request_stop(); });
  clock_.sleepUntil(deadline, wake.get_token());
  if (stop.stop_requested()) ring();  // `wake` is used up: the other sleepers need a new one
}

void Alarm::ring() {
  std::stop_source woken;
  {
    std::lock_guard lock(mutex_);
    ++rings_;
    woken = std::exchange(wake_, std::stop_source());
  }
  woken.request_stop();
}

}  // namespace stowage::base
