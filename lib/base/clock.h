// Clock: the only source of time. Steady time is for waiting and measuring, wall time only for what
// people or the API read. Thread safe. Tests and simulation pass a ManualClock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>

namespace stowage::base {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime now() const = 0;
  [[nodiscard]] virtual WallTime wallNow() const = 0;
  // Blocks until `deadline` or until `stop` is requested. Returns false when stopped.
  virtual bool sleepUntil(SteadyTime deadline, const std::stop_token& stop) = 0;
  bool sleepFor(Duration duration, const std::stop_token& stop) {
    return sleepUntil(now() + duration, stop);
  }
};

// The machine's clocks. Stateless; one per process is enough.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime now() const override;
  [[nodiscard]] WallTime wallNow() const override;
  bool sleepUntil(SteadyTime deadline, const std::stop_token& stop) override;
};

// Time that moves only when told to. A sleeper wakes when advance() passes its deadline.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime(std::chrono::seconds(1'700'000'000)));
  [[nodiscard]] SteadyTime now() const override;
  [[nodiscard]] WallTime wallNow() const override;
  bool sleepUntil(SteadyTime deadline, const std::stop_token& stop) override;

  void advance(Duration step);
  // Number of threads whose time has not come yet; a test waits for this before it advances. Those
  // that advance() has just woken do not count, even when they have not run yet.
  [[nodiscard]] int sleepers() const;
  // Blocks until at least `count` threads sleep on this clock, or `limit` of real time has passed.
  bool waitForSleepers(int count, Duration limit = std::chrono::seconds(10)) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  SteadyTime now_{};
  WallTime wall_;
  std::multiset<SteadyTime> deadlines_;  // of the sleepers whose time has not come
};

}  // namespace stowage::base
