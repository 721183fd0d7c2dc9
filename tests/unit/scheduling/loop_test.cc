// The scheduling thread: hand-over from other threads, standby, orderly stop. Run under TSan too.
#include "scheduling/loop.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using namespace scheduling;

// Answers every bind from a thread of its own, once it is told to.
class ThreadedBinder final : public Binder {
 public:
  bool bind(const BindRequest& request) override {
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
    changed_.notify_all();
    return true;
  }
  // Waits until `count` binds were asked for.
  bool waitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return requests_.size() >= count; });
  }
  std::vector<BindRequest> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<BindRequest> requests_;
};

class LoopTest : public ::testing::Test {
 protected:
  LoopTest() {
    SchedulerOptions options;
    options.profiles = {defaultProfile("stowage-scheduler")};
    options.verify_caches = true;
    scheduler_ = std::make_unique<Scheduler>(options, SchedulerPorts{&binder_, nullptr, nullptr},
                                             clock_, base::nullMetricSink());
    makeLoop(20ms);
  }
  void makeLoop(base::Duration stop_grace) {
    LoopOptions options;
    options.inbox_capacity = 16;
    options.longest_sleep = 10ms;
    options.stop_grace = stop_grace;
    loop_ = std::make_unique<SchedulingLoop>(*scheduler_, clock_, base::nullMetricSink(), options);
  }
  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { left_ = loop_->run(stop); });
  }
  void push(News news) { ASSERT_TRUE(loop_->push(std::move(news), {})); }
  void pushBurst(int pods) {
    push(NodeChangeNews{nullptr, makeNode("n1").cpu("1000").memory("999Gi").pods("9999")});
    for (int i = 0; i < pods; ++i) push(PodChange{nullptr, makePod("p" + std::to_string(i))});
  }
  template <typename T>
  T inspect(std::function<T(Scheduler&)> look) {
    std::promise<T> answer;
    loop_->push(Inspection([&](Scheduler& scheduler) { answer.set_value(look(scheduler)); }), {});
    return answer.get_future().get();
  }

  base::SystemClock clock_;
  ThreadedBinder binder_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<SchedulingLoop> loop_;
  std::size_t left_ = 0;
  std::jthread thread_;
};

TEST_F(LoopTest, AppliesNewsButDecidesNothingAsAStandby) {
  start();
  pushBurst(100);
  push(CachesSynced{});
  const auto active =
      inspect<std::size_t>([](Scheduler& scheduler) { return scheduler.queueSizes().active; });
  EXPECT_EQ(active, 100U);
  EXPECT_TRUE(binder_.requests().empty());
  loop_->setDeciding(true);
  EXPECT_TRUE(binder_.waitFor(100));
}

TEST_F(LoopTest, WaitsForTheFirstListsEvenWhenLeading) {
  loop_->setDeciding(true);
  start();
  pushBurst(10);
  const auto active =
      inspect<std::size_t>([](Scheduler& scheduler) { return scheduler.queueSizes().active; });
  EXPECT_EQ(active, 10U);
  EXPECT_FALSE(loop_->synced());
  push(CachesSynced{});
  EXPECT_TRUE(binder_.waitFor(10));
  EXPECT_TRUE(loop_->synced());
}

TEST_F(LoopTest, EndsOnceEveryBindHasItsAnswer) {
  makeLoop(60s);
  loop_->setDeciding(true);
  start();
  pushBurst(3);
  push(CachesSynced{});
  ASSERT_TRUE(binder_.waitFor(3));
  thread_.request_stop();
  for (const BindRequest& request : binder_.requests()) {
    push(BindAnswer{request, BindOutcome::kBound, ""});
  }
  thread_.join();
  EXPECT_EQ(left_, 0U);
  EXPECT_FALSE(loop_->running());
  EXPECT_FALSE(loop_->push(CachesSynced{}, {})) << "the inbox is closed";
}

TEST_F(LoopTest, DecidesNothingMoreAfterStop) {
  makeLoop(60s);
  loop_->setDeciding(true);
  start();
  pushBurst(1);
  push(CachesSynced{});
  ASSERT_TRUE(binder_.waitFor(1));
  thread_.request_stop();
  push(PodChange{nullptr, makePod("late")});
  push(BindAnswer{binder_.requests()[0], BindOutcome::kBound, ""});
  thread_.join();
  EXPECT_EQ(binder_.requests().size(), 1U);
}

TEST_F(LoopTest, TellsHowManyBindsItLeavesWithoutAnswer) {
  loop_->setDeciding(true);
  start();
  pushBurst(2);
  push(CachesSynced{});
  ASSERT_TRUE(binder_.waitFor(2));
  thread_.request_stop();
  thread_.join();
  EXPECT_EQ(left_, 2U);
}

TEST_F(LoopTest, APushThatWaitsForRoomEndsWithItsStopToken) {
  std::stop_source stop;
  for (int i = 0; i < 16; ++i) push(CachesSynced{});
  std::jthread pusher([&] { EXPECT_FALSE(loop_->push(CachesSynced{}, stop.get_token())); });
  stop.request_stop();
}

TEST_F(LoopTest, BeatsWhenNothingHappens) {
  EXPECT_EQ(loop_->sinceBeat(), base::Duration::zero());
  start();
  inspect<int>([](Scheduler&) { return 0; });
  EXPECT_TRUE(loop_->running());
  EXPECT_LT(loop_->sinceBeat(), 10s);
}

TEST_F(LoopTest, ManyThreadsMayPushAtOnce) {
  loop_->setDeciding(true);
  start();
  push(NodeChangeNews{nullptr, makeNode("n1").cpu("1000").memory("999Gi").pods("9999")});
  push(CachesSynced{});
  {
    std::vector<std::jthread> pushers;
    for (int t = 0; t < 4; ++t) {
      pushers.emplace_back([this, t] {
        for (int i = 0; i < 50; ++i) {
          push(PodChange{nullptr, makePod("p" + std::to_string(t) + "-" + std::to_string(i))});
        }
      });
    }
  }
  EXPECT_TRUE(binder_.waitFor(200));
}

}  // namespace
}  // namespace stowage::testing
