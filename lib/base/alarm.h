// Alarm: sleep on a Clock that other threads can cut short. Rings are remembered: a ring() between
// two sleeps makes the next one return at once.
// Thread safety: any thread; several may sleep, one ring wakes all of them.
#pragma once

#include <cstdint>
#include <mutex>
#include <stop_token>

#include "base/clock.h"

namespace stowage::base {

class Alarm {
 public:
  explicit Alarm(Clock& clock) : clock_(clock) {}

  // Number of rings so far; take it before looking for work, and pass it to sleepUntil.
  [[nodiscard]] std::uint64_t rings() const;
  // Returns at `deadline`, on stop, or as soon as rings() differs from `seen`.
  void sleepUntil(SteadyTime deadline, std::uint64_t seen, const std::stop_token& stop);
  void ring();

 private:
  Clock& clock_;
  mutable std::mutex mutex_;
  std::uint64_t rings_ = 0;
  std::stop_source wake_;
};

}  // namespace stowage::base
