#include "controlloop/work_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "testing/scheduling/recording_metric_sink.h"

namespace stowage::controlloop {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr const char* kLabels = "name=q,controller=q";

class WorkQueueTest : public ::testing::Test {
 protected:
  // What can be taken without waiting.
  std::vector<std::string> takeAll() {
    std::vector<std::string> keys;
    while (queue_.depth() > 0) keys.push_back(*queue_.take({}));
    return keys;
  }
  // Time passes; keys whose wait is over are found by the next taker.
  std::vector<std::string> takeAfter(base::Duration time) {
    clock_.advance(time);
    std::vector<std::string> keys;
    std::stop_source stop;
    std::jthread taker([&] {
      while (auto key = queue_.take(stop.get_token())) keys.push_back(*key);
    });
    clock_.waitForSleepers(1);
    stop.request_stop();
    taker.join();
    return keys;
  }

  base::ManualClock clock_;
  testing::RecordingMetricSink metrics_;
  WorkQueue queue_{"q", {.first = 50ms, .longest = 60s, .jitter = 0}, clock_, 1, metrics_};
};

TEST_F(WorkQueueTest, AKeyAddedTwiceIsTakenOnce) {
  queue_.add("a");
  queue_.add("b");
  queue_.add("a");
  EXPECT_THAT(takeAll(), ElementsAre("a", "b"));
  EXPECT_EQ(metrics_.value("workqueue_adds_total", kLabels), 2);
  EXPECT_EQ(metrics_.value("workqueue_depth", kLabels), 0);
}

TEST_F(WorkQueueTest, AKeyAddedWhileItIsWorkedOnComesOnceMoreAfterwards) {
  queue_.add("a");
  EXPECT_EQ(queue_.take({}), "a");
  queue_.add("a");
  queue_.add("a");
  EXPECT_EQ(queue_.depth(), 0U) << "no second worker for it";
  queue_.done("a");
  EXPECT_THAT(takeAll(), ElementsAre("a"));
  queue_.done("a");
  EXPECT_EQ(queue_.depth(), 0U);
  EXPECT_EQ(queue_.working(), 0U);
}

TEST_F(WorkQueueTest, LowPriorityComesLastUnlessSomethingHappens) {
  for (const char* key : {"a", "b", "c"}) queue_.add(key, Priority::kLow);
  queue_.add("n");
  queue_.add("b");
  queue_.add("n", Priority::kLow);
  EXPECT_THAT(takeAll(), ElementsAre("n", "b", "a", "c"));
  // Also while it is worked on.
  queue_.add("a", Priority::kLow);
  queue_.add("a");
  queue_.add("z");
  queue_.done("a");
  EXPECT_THAT(takeAll(), ElementsAre("z", "a"));
}

TEST_F(WorkQueueTest, OfTwoWaitsTheShorterCounts) {
  queue_.addAfter("a", 10s);
  queue_.addAfter("a", 3s);
  queue_.addAfter("a", 20s);
  EXPECT_THAT(takeAfter(2s), ElementsAre());
  EXPECT_THAT(takeAfter(1s), ElementsAre("a"));
  queue_.done("a");
  EXPECT_THAT(takeAfter(60s), ElementsAre()) << "once";
  queue_.addAfter("b", -1s);
  EXPECT_THAT(takeAll(), ElementsAre("b"));
}

TEST_F(WorkQueueTest, PausesDoubleUpToTheLongestAndSuccessForgetsThem) {
  const base::Duration pauses[] = {50ms, 100ms, 200ms, 400ms};
  for (const base::Duration pause : pauses) {
    queue_.addAfterFailure("a");
    EXPECT_THAT(takeAfter(pause - 1ms), ElementsAre());
    EXPECT_THAT(takeAfter(1ms), ElementsAre("a"));
    queue_.done("a");
  }
  EXPECT_EQ(queue_.failures("a"), 4U);
  queue_.forget("a");
  queue_.addAfterFailure("a");
  EXPECT_THAT(takeAfter(50ms), ElementsAre("a"));
  queue_.done("a");
  for (int i = 0; i < 200; ++i) {
    queue_.addAfterFailure("a");
    EXPECT_THAT(takeAfter(60s), ElementsAre("a"));
    queue_.done("a");
  }
  EXPECT_EQ(metrics_.value("workqueue_retries_total", kLabels), 205);
}

TEST_F(WorkQueueTest, JitterMakesPausesLongerByItsShareAtMost) {
  WorkQueue queue("j", {.first = 100ms, .longest = 60s, .jitter = 0.5}, clock_, 7,
                  base::nullMetricSink());
  for (int i = 0; i < 50; ++i) {
    const std::string key = "k" + std::to_string(i);
    queue.addAfterFailure(key);
  }
  std::stop_source stop;
  std::atomic<int> taken = 0;
  std::jthread taker([&] {
    while (auto key = queue.take(stop.get_token())) ++taken;
  });
  ASSERT_TRUE(clock_.waitForSleepers(1));
  clock_.advance(99ms);
  ASSERT_TRUE(clock_.waitForSleepers(1));
  EXPECT_EQ(taken, 0);
  clock_.advance(26ms);
  ASSERT_TRUE(clock_.waitForSleepers(1));
  EXPECT_GT(taken, 0);
  EXPECT_LT(taken, 50);
  clock_.advance(25ms);
  ASSERT_TRUE(clock_.waitForSleepers(1));
  EXPECT_EQ(taken, 50);
  stop.request_stop();
}

TEST_F(WorkQueueTest, StoppingEndsWaiting) {
  std::stop_source stop;
  std::jthread taker([&] { EXPECT_EQ(queue_.take(stop.get_token()), std::nullopt); });
  ASSERT_TRUE(clock_.waitForSleepers(1));
  stop.request_stop();
}

TEST_F(WorkQueueTest, LongWorkShowsInItsMetrics) {
  queue_.add("a");
  queue_.add("b");
  EXPECT_THAT(takeAll(), ElementsAre("a", "b"));
  clock_.advance(7s);
  queue_.done("b");
  queue_.refreshMetrics();
  EXPECT_EQ(metrics_.value("workqueue_unfinished_work_seconds", kLabels), 7);
  EXPECT_EQ(metrics_.value("workqueue_longest_running_processor_seconds", kLabels), 7);
  EXPECT_EQ(metrics_.value("workqueue_work_duration_seconds", kLabels), 1);
}

// Whatever the order: no key is with two workers, and each that is added is taken afterwards.
RC_GTEST_PROP(WorkQueue, LosesNothingAndHandsNothingOutTwice, ()) {
  base::ManualClock clock;
  WorkQueue queue("q", {}, clock, 1, base::nullMetricSink());
  std::set<std::string> owed;
  std::vector<std::string> held;
  const auto take = [&] {
    const std::string key = *queue.take({});
    RC_ASSERT(std::find(held.begin(), held.end(), key) == held.end());
    RC_ASSERT(owed.erase(key) == 1U);
    held.push_back(key);
  };
  for (int step = 0; step < 200; ++step) {
    const int what = *rc::gen::inRange(0, 3);
    const std::string key(1, static_cast<char>('a' + *rc::gen::inRange(0, 5)));
    if (what == 0) {
      queue.add(key, *rc::gen::arbitrary<bool>() ? Priority::kNormal : Priority::kLow);
      owed.insert(key);
    } else if (what == 1 && queue.depth() > 0) {
      take();
    } else if (what == 2 && !held.empty()) {
      queue.done(held.back());
      held.pop_back();
    }
  }
  while (!held.empty()) {
    queue.done(held.back());
    held.pop_back();
  }
  while (queue.depth() > 0) take();
  RC_ASSERT(owed.empty());
}

TEST(WorkQueueThreads, ManyWorkersNeverShareAKey) {
  base::SystemClock clock;
  WorkQueue queue("q", {.first = 1ms, .longest = 2ms}, clock, 1, base::nullMetricSink());
  constexpr int kKeys = 7;
  std::vector<std::atomic<int>> working(kKeys);
  std::vector<std::atomic<int>> seen(kKeys);
  std::atomic<int> shared = 0;
  std::stop_source stop;
  {
    std::vector<std::jthread> workers;
    for (int w = 0; w < 4; ++w) {
      workers.emplace_back([&] {
        while (auto key = queue.take(stop.get_token())) {
          const auto i = static_cast<std::size_t>(std::stoi(*key));
          if (working[i].fetch_add(1) != 0) ++shared;
          if (++seen[i] % 3 == 0) queue.addAfterFailure(*key);
          working[i].fetch_sub(1);
          queue.done(*key);
        }
      });
    }
    for (int n = 0; n < 3000; ++n) queue.add(std::to_string(n % kKeys));
    while (queue.depth() > 0 || queue.working() > 0) std::this_thread::yield();
    stop.request_stop();
  }
  EXPECT_EQ(shared, 0);
  for (const auto& count : seen) EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace stowage::controlloop
