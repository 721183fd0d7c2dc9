#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"
#include "scheduling/queue/indexed_heap.h"
#include "scheduling/queue/scheduling_queue.h"
#include "testing/builders/pod_builder.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using namespace scheduling;

class QueueTest : public ::testing::Test {
 protected:
  QueuedPod& add(const kubeapi::PodPtr& pod) { return queue.add(pod, 0, 0); }
  std::string popName() {
    QueuedPod* entry = queue.pop();
    return entry == nullptr ? "" : entry->pod->meta.name.str();
  }

  base::ManualClock clock;
  std::vector<std::string> entered;
  SchedulingQueue queue{
      QueueOptions{}, clock, [this](Place place, std::string_view event) {
        entered.push_back(std::to_string(static_cast<int>(place)) + " " + std::string(event));
      }};
};

TEST_F(QueueTest, BackoffDoublesUpToItsMaximum) {
  QueuedPod& entry = add(makePod("a"));
  for (const auto backoff : {1s, 2s, 4s, 8s, 10s, 10s}) {
    ASSERT_EQ(queue.pop(), &entry);
    queue.addUnschedulable(entry, 1);
    EXPECT_EQ(entry.backoff_until - clock.now(), backoff);
    clock.advance(backoff);
    queue.wake(entry, "event");
    EXPECT_EQ(entry.place, Place::kActive);
  }
}

TEST_F(QueueTest, ErrorsBackOffOnTheirOwnAndAreForgivenByARejection) {
  QueuedPod& entry = add(makePod("a"));
  const auto errorBackoff = [&] {
    EXPECT_EQ(queue.pop(), &entry);
    queue.addAfterError(entry);
    const auto backoff = entry.backoff_until - clock.now();
    clock.advance(backoff);
    queue.runTimers();
    return backoff;
  };
  EXPECT_EQ(errorBackoff(), 1s);
  EXPECT_EQ(errorBackoff(), 2s);
  EXPECT_EQ(queue.pop(), &entry);
  queue.addUnschedulable(entry, 1);
  EXPECT_EQ(entry.backoff_until - clock.now(), 1s) << "rejections are counted apart";
  clock.advance(1s);
  queue.wake(entry, "event");
  EXPECT_EQ(errorBackoff(), 1s) << "consecutive errors start anew";
}

TEST_F(QueueTest, APodAfterAnErrorIsNeverTakenEarly) {
  QueuedPod& entry = add(makePod("a"));
  queue.pop();
  queue.addAfterError(entry);
  EXPECT_EQ(queue.pop(), nullptr);
  EXPECT_EQ(queue.nextTimer(), entry.backoff_until);
}

TEST_F(QueueTest, BackoffsOfOneSecondEndTogetherAndComeOutByPriority) {
  clock.advance(100ms);
  QueuedPod& low = add(makePod("low").priority(1));
  queue.pop();
  queue.addUnschedulable(low, 1);
  clock.advance(500ms);
  QueuedPod& high = add(makePod("high").priority(2));
  queue.pop();
  queue.addUnschedulable(high, 1);
  EXPECT_EQ(low.backoff_until, high.backoff_until);
  queue.wakeWhere("event", [](const QueuedPod&) { return true; });
  EXPECT_EQ(popName(), "high");
  EXPECT_EQ(popName(), "low");
}

TEST_F(QueueTest, WakingMovesOnlyWhatTheEventHelps) {
  for (int i = 0; i < 10; ++i) add(makePod("p" + std::to_string(i)));
  while (QueuedPod* entry = queue.pop()) {
    queue.addUnschedulable(*entry, entry->sequence % 2 == 0 ? 1 : 2);
  }
  clock.advance(1min);
  queue.wakeWhere("event", [](const QueuedPod& entry) { return entry.rejectors == 2; });
  EXPECT_EQ(queue.counts().active, 5U);
  EXPECT_EQ(queue.counts().unschedulable, 5U);
}

TEST_F(QueueTest, AGatedPodIsNotPoppedUntilItsGatesAreGone) {
  QueuedPod& entry = add(makePod("a").gate("g"));
  EXPECT_EQ(queue.pop(), nullptr);
  EXPECT_EQ(queue.counts().gated, 1U);
  queue.replacePod(entry, makePod("a").gate("other"));
  EXPECT_EQ(queue.pop(), nullptr);
  queue.replacePod(entry, makePod("a"));
  EXPECT_EQ(queue.counts().gated, 0U);
  EXPECT_EQ(queue.pop(), &entry);
}

TEST_F(QueueTest, APriorityThatChangesReordersTheHeap) {
  add(makePod("a").priority(1));
  QueuedPod& late = add(makePod("b").priority(1));
  queue.replacePod(late, makePod("b").priority(5));
  EXPECT_EQ(popName(), "b");
}

TEST_F(QueueTest, PuttingBackKeepsRankAndAttempts) {
  QueuedPod& first = add(makePod("a"));
  add(makePod("b"));
  queue.pop();
  queue.putBack(first);
  EXPECT_EQ(first.attempts, 0U);
  EXPECT_EQ(popName(), "a");
}

TEST_F(QueueTest, FlushComesEveryThirtySecondsForPodsOlderThanFiveMinutes) {
  QueuedPod& entry = add(makePod("a"));
  queue.pop();
  queue.addUnschedulable(entry, 1);
  EXPECT_EQ(queue.nextTimer() - clock.now(), 30s);
  for (int i = 0; i < 10; ++i) {
    clock.advance(30s);
    queue.runTimers();
  }
  EXPECT_EQ(entry.place, Place::kUnschedulable) << "exactly five minutes";
  clock.advance(30s);
  queue.runTimers();
  EXPECT_EQ(entry.place, Place::kActive);
  EXPECT_TRUE(entry.moved_by_flush);
}

TEST_F(QueueTest, ErasesFromEveryPlace) {
  QueuedPod& active = add(makePod("active"));
  queue.erase(active);
  QueuedPod& gated = add(makePod("gated").gate("g"));
  queue.erase(gated);
  QueuedPod& rejected = add(makePod("rejected"));
  queue.pop();
  queue.addUnschedulable(rejected, 1);
  queue.erase(rejected);
  QueuedPod& failed = add(makePod("failed"));
  queue.pop();
  queue.addAfterError(failed);
  queue.erase(failed);
  QueuedPod& flying = add(makePod("flying"));
  queue.pop();
  queue.erase(flying);
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_EQ(queue.counts().active + queue.counts().backoff + queue.counts().unschedulable +
                queue.counts().gated,
            0U);
}

TEST(IndexedHeap, GivesEverythingInOrderWhateverWasTakenOut) {
  struct Item {
    std::size_t heap_position = 0;
    std::uint64_t key = 0;
  };
  struct Before {
    bool operator()(const Item& a, const Item& b) const { return a.key < b.key; }
  };
  base::Rng rng(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Item> items(1 + rng.below(60));
    IndexedHeap<Item, Before> heap;
    std::multimap<std::uint64_t, Item*> left;
    for (Item& item : items) {
      item.key = rng.below(50);
      heap.push(&item);
      left.emplace(item.key, &item);
    }
    for (Item& item : items) {
      if (rng.below(3) != 0) continue;
      heap.remove(&item);
      std::erase_if(left, [&](const auto& each) { return each.second == &item; });
    }
    ASSERT_EQ(heap.size(), left.size());
    for (const auto& [key, unused] : left) {
      ASSERT_EQ(heap.top()->key, key);
      heap.remove(heap.top());
    }
    ASSERT_TRUE(heap.empty());
  }
}

}  // namespace
}  // namespace stowage::testing
