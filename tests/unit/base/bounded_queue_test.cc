// The hand-over queue: order, limits, closing, stopping, and no value lost between threads.
#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace stowage::base {
namespace {

TEST(BoundedQueue, GivesValuesBackInOrder) {
  BoundedQueue<int> queue(3);
  const std::stop_token never;
  EXPECT_TRUE(queue.push(1, never));
  EXPECT_TRUE(queue.push(2, never));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.pop(never), 1);
  EXPECT_EQ(queue.tryPop(), 2);
  EXPECT_EQ(queue.tryPop(), std::nullopt);
}

TEST(BoundedQueue, TryPushRefusesAboveTheLimit) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.tryPush(1));
  EXPECT_FALSE(queue.tryPush(2));
  EXPECT_EQ(queue.tryPop(), 1);
  EXPECT_TRUE(queue.tryPush(3));
}

TEST(BoundedQueue, AClosedQueueIsEmptiedAndThenEnds) {
  BoundedQueue<int> queue(3);
  EXPECT_TRUE(queue.tryPush(1));
  queue.close();
  EXPECT_FALSE(queue.tryPush(2));
  EXPECT_FALSE(queue.push(2, {}));
  EXPECT_EQ(queue.pop({}), 1);
  EXPECT_EQ(queue.pop({}), std::nullopt);
}

TEST(BoundedQueue, DrainTakesEverythingAtOnce) {
  BoundedQueue<std::unique_ptr<int>> queue(3);
  EXPECT_TRUE(queue.tryPush(std::make_unique<int>(1)));
  EXPECT_TRUE(queue.tryPush(std::make_unique<int>(2)));
  const auto all = queue.drain();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(*all[1], 2);
  EXPECT_EQ(queue.size(), 0U);
}

TEST(BoundedQueue, PopGivesUpAtItsDeadline) {
  BoundedQueue<int> queue(1);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(queue.pop({}, start + std::chrono::milliseconds(20)), std::nullopt);
  EXPECT_GE(std::chrono::steady_clock::now(), start + std::chrono::milliseconds(20));
}

TEST(BoundedQueue, StoppingWakesAWaitingProducerAndLeavesItsValueUnsent) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.tryPush(1));
  std::atomic<bool> sent = true;
  {
    std::jthread producer([&](const std::stop_token& stop) { sent = queue.push(2, stop); });
    producer.request_stop();
  }
  EXPECT_FALSE(sent);
  EXPECT_EQ(queue.size(), 1U);
}

TEST(BoundedQueue, StoppingWakesAWaitingConsumer) {
  BoundedQueue<int> queue(1);
  std::atomic<bool> got = true;
  {
    std::jthread consumer([&](const std::stop_token& stop) { got = queue.pop(stop).has_value(); });
    consumer.request_stop();
  }
  EXPECT_FALSE(got);
}

TEST(BoundedQueue, AProducerWaitsForRoomAndGoesOn) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.tryPush(1));
  std::jthread producer([&] { EXPECT_TRUE(queue.push(2, {})); });
  EXPECT_EQ(queue.pop({}), 1);
  EXPECT_EQ(queue.pop({}), 2);
}

TEST(BoundedQueue, ADrainLetsAllWaitingProducersGoOn) {
  constexpr int kProducers = 4;
  BoundedQueue<int> queue(kProducers);
  for (int i = 0; i < kProducers; ++i) ASSERT_TRUE(queue.tryPush(i));
  std::latch all_begun(kProducers + 1);
  std::vector<std::jthread> producers;
  for (int i = 0; i < kProducers; ++i) {
    producers.emplace_back([&] {
      all_begun.arrive_and_wait();
      EXPECT_TRUE(queue.push(7, {}));
    });
  }
  all_begun.arrive_and_wait();
  EXPECT_EQ(queue.drain().size(), kProducers);
  producers.clear();
  EXPECT_EQ(queue.size(), kProducers);
}

// One value wakes one consumer. One that is stopped as it is woken must not let the value lie while
// others wait for it.
TEST(BoundedQueue, StoppedConsumersTakeNobodysWakeUp) {
  for (int round = 0; round < 500; ++round) {
    BoundedQueue<int> queue(4);
    std::atomic<int> taken = 0;
    std::jthread lasting([&] {
      while (queue.pop({})) ++taken;
    });
    std::jthread stopped([&](const std::stop_token& stop) {
      while (queue.pop(stop)) ++taken;
    });
    EXPECT_TRUE(queue.push(1, {}));
    stopped.request_stop();
    EXPECT_TRUE(queue.push(2, {}));
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (taken < 2 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    EXPECT_EQ(taken, 2);
    queue.close();
  }
}

TEST(BoundedQueue, NothingIsLostOrDoubledBetweenManyThreads) {
  constexpr int kProducers = 4;
  constexpr int kConsumers = 4;
  constexpr int kEach = 5'000;
  BoundedQueue<int> queue(7);
  std::vector<std::vector<int>> taken(kConsumers);
  std::vector<std::jthread> consumers;
  for (int c = 0; c < kConsumers; ++c) {
    consumers.emplace_back([&queue, &mine = taken[static_cast<std::size_t>(c)]] {
      while (auto value = queue.pop({})) {
        mine.push_back(*value);
        EXPECT_LE(queue.size(), 7U);
      }
    });
  }
  {
    std::vector<std::jthread> producers;
    for (int p = 0; p < kProducers; ++p) {
      producers.emplace_back([&queue, p] {
        for (int i = 0; i < kEach; ++i) EXPECT_TRUE(queue.push(p * kEach + i, {}));
      });
    }
  }
  queue.close();
  consumers.clear();
  std::vector<int> all;
  for (const auto& mine : taken) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  std::vector<int> expected(kProducers * kEach);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

}  // namespace
}  // namespace stowage::base
