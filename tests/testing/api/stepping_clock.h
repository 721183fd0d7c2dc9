// SteppingClock: a clock for code that runs on the test's own thread. Sleeping takes no time: it
// moves the clock to the deadline at once, and the test reads afterwards how long the sleeps were.
// Thread safe.
#pragma once

#include <mutex>
#include <vector>

#include "base/clock.h"

namespace stowage::testing {

class SteppingClock final : public base::Clock {
 public:
  [[nodiscard]] base::SteadyTime now() const override;
  [[nodiscard]] base::WallTime wallNow() const override;
  bool sleepUntil(base::SteadyTime deadline, const std::stop_token& stop) override;

  void advance(base::Duration step);
  // Moves the wall clock only, as an administrator or a bad NTP server would.
  void skewWall(base::Duration step);
  // How long each sleep was, in order.
  [[nodiscard]] std::vector<base::Duration> sleeps() const;

 private:
  mutable std::mutex mutex_;
  base::SteadyTime now_{std::chrono::hours(1)};
  base::WallTime wall_{std::chrono::seconds(1'700'000'000)};
  std::vector<base::Duration> sleeps_;
};

}  // namespace stowage::testing
