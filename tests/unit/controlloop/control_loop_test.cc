#include "controlloop/control_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace stowage::controlloop {
namespace {

using namespace std::chrono_literals;
using Next = Outcome::Next;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// What was looked at, in order, with a way to wait for it.
class Looks {
 public:
  void add(const std::string& key) {
    std::lock_guard lock(mutex_);
    keys_.push_back(key);
    changed_.notify_all();
  }
  std::vector<std::string> waitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return keys_.size() >= count; });
    return keys_;
  }
  std::vector<std::string> all() {
    std::lock_guard lock(mutex_);
    return keys_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> keys_;
};

class ControlLoopTest : public ::testing::Test {
 protected:
  std::unique_ptr<ControlLoop> make(ControlLoop::Reconcile reconcile, ControlLoop::Keys keys = {},
                                    int workers = 1) {
    ControlLoopOptions options{"c", workers, {.first = 50ms, .longest = 60s, .jitter = 0}, 10min};
    return std::make_unique<ControlLoop>(
        options,
        [this, reconcile = std::move(reconcile)](const std::string& key,
                                                 const std::stop_token& stop) {
          looks_.add(key);
          return reconcile(key, stop);
        },
        std::move(keys), clock_, 1, base::nullMetricSink());
  }
  // All threads of a loop with one worker are asleep.
  void allQuiet() { ASSERT_TRUE(clock_.waitForSleepers(2)); }

  base::ManualClock clock_;
  Looks looks_;
};

TEST_F(ControlLoopTest, LooksAtWhatIsAdded) {
  auto loop = make([](const auto&, const auto&) { return Outcome{}; });
  loop->add("a");
  loop->start();
  loop->add("b");
  EXPECT_THAT(looks_.waitFor(2), ElementsAre("a", "b"));
}

TEST_F(ControlLoopTest, FailuresComeBackAfterTheirPauseAndExceptionsAreFailures) {
  auto loop = make([n = 0](const auto&, const auto&) mutable -> Outcome {
    if (++n == 1) throw std::runtime_error("broken");
    if (n == 2) return {Next::kRetry, {}, "refused"};
    return {};
  });
  loop->start();
  loop->add("a");
  looks_.waitFor(1);
  allQuiet();
  clock_.advance(49ms);
  allQuiet();
  EXPECT_EQ(looks_.all().size(), 1U);
  clock_.advance(1ms);
  EXPECT_EQ(looks_.waitFor(2).size(), 2U);
  allQuiet();
  clock_.advance(100ms);
  EXPECT_EQ(looks_.waitFor(3).size(), 3U);
  allQuiet();
  EXPECT_EQ(loop->queue().failures("a"), 0U) << "it succeeded";
}

TEST_F(ControlLoopTest, WhatIsGivenUpWaitsForTheNextEvent) {
  auto loop =
      make([](const auto&, const auto&) { return Outcome{Next::kGivenUp, {}, "bad spec"}; });
  loop->start();
  loop->add("a");
  looks_.waitFor(1);
  allQuiet();
  clock_.advance(9min);
  allQuiet();
  EXPECT_EQ(looks_.all().size(), 1U);
  loop->add("a");
  EXPECT_EQ(looks_.waitFor(2).size(), 2U);
}

TEST_F(ControlLoopTest, LooksAgainAfterTheTimeThatIsAskedFor) {
  auto loop = make([](const auto&, const auto&) { return Outcome{Next::kAfter, 3s, ""}; });
  loop->start();
  loop->add("a");
  looks_.waitFor(1);
  allQuiet();
  clock_.advance(3s);
  EXPECT_EQ(looks_.waitFor(2).size(), 2U);
}

TEST_F(ControlLoopTest, EveryKeyIsLookedAtAgainNowAndThen) {
  auto loop = make([](const auto&, const auto&) { return Outcome{}; },
                   [] { return std::vector<std::string>{"a", "b"}; });
  loop->start();
  allQuiet();
  // The pause is ten minutes and up to a tenth; the thread that counts it wakes every five seconds.
  for (int i = 0; i < 119; ++i) {
    clock_.advance(5s);
    allQuiet();
  }
  EXPECT_EQ(looks_.all().size(), 0U);
  for (int i = 0; i < 14; ++i) {
    clock_.advance(5s);
    allQuiet();
  }
  EXPECT_THAT(looks_.waitFor(2), UnorderedElementsAre("a", "b"));
}

TEST_F(ControlLoopTest, StoppingTellsTheWorkersAndWaitsForThem) {
  std::atomic<bool> told = false;
  auto loop = make([&](const auto&, const std::stop_token& stop) {
    clock_.sleepUntil(base::SteadyTime::max(), stop);
    told = stop.stop_requested();
    return Outcome{};
  });
  loop->start();
  loop->add("a");
  looks_.waitFor(1);
  allQuiet();
  loop->stop();
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace stowage::controlloop
