// Clocks: time that moves only when told to, and waiting that ends when it should.
#include "base/clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace stowage::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ManualClock, MovesOnlyWhenAdvanced) {
  ManualClock clock;
  const SteadyTime steady = clock.now();
  const WallTime wall = clock.wallNow();
  EXPECT_EQ(clock.now(), steady);
  clock.advance(milliseconds(1500));
  EXPECT_EQ(clock.now() - steady, milliseconds(1500));
  EXPECT_EQ(clock.wallNow() - wall, milliseconds(1500));
}

TEST(ManualClock, SleepersWakeInTheOrderOfTheirDeadlines) {
  ManualClock clock;
  std::atomic<int> awake = 0;
  const SteadyTime start = clock.now();
  std::vector<std::jthread> threads;
  for (int i = 1; i <= 3; ++i) {
    threads.emplace_back([&, i](const std::stop_token& stop) {
      EXPECT_TRUE(clock.sleepUntil(start + seconds(i), stop));
      ++awake;
    });
  }
  ASSERT_TRUE(clock.waitForSleepers(3));
  EXPECT_EQ(awake, 0);
  clock.advance(seconds(2));
  while (clock.sleepers() > 1) std::this_thread::yield();
  clock.advance(milliseconds(999));
  EXPECT_EQ(clock.sleepers(), 1);
  clock.advance(milliseconds(1));
  for (std::jthread& thread : threads) thread.join();
  EXPECT_EQ(awake, 3);
  EXPECT_EQ(clock.sleepers(), 0);
}

TEST(ManualClock, APassedDeadlineDoesNotSleep) {
  ManualClock clock;
  EXPECT_TRUE(clock.sleepUntil(clock.now(), {}));
  EXPECT_TRUE(clock.sleepFor(seconds(-5), {}));
}

TEST(ManualClock, StoppingEndsTheSleep) {
  ManualClock clock;
  std::atomic<bool> finished = true;
  {
    std::jthread sleeper(
        [&](const std::stop_token& stop) { finished = clock.sleepFor(seconds(60), stop); });
    ASSERT_TRUE(clock.waitForSleepers(1));
    sleeper.request_stop();
  }
  EXPECT_FALSE(finished);
}

TEST(ManualClock, WaitingForSleepersHasALimit) {
  const ManualClock clock;
  EXPECT_FALSE(clock.waitForSleepers(1, milliseconds(5)));
}

TEST(SystemClock, SleepsUntilTheDeadlineOrTheStop) {
  SystemClock clock;
  const SteadyTime start = clock.now();
  EXPECT_TRUE(clock.sleepFor(milliseconds(20), {}));
  EXPECT_GE(clock.now() - start, milliseconds(20));
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_FALSE(clock.sleepFor(std::chrono::hours(1), stopped.get_token()));
}

}  // namespace
}  // namespace stowage::base
