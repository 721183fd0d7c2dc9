// The recorder's threads and queue.
#include "k8sclient/events/event_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "testing/api/scripted_api_client.h"

namespace stowage::k8sclient {
namespace {

using std::chrono::seconds;
using testing::AskedCall;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Answer = ApiResult<std::string>;

EventRecord scheduled(const std::string& pod) {
  EventRecord record;
  record.reason = "Scheduled";
  record.action = "Binding";
  record.note = "Successfully assigned ns/" + pod + " to n1";
  record.regarding = {"Pod", "v1", "ns", pod, "uid-" + pod, ""};
  record.reporting_controller = "stowage-scheduler";
  record.reporting_instance = "stowage-scheduler-host";
  return record;
}

class EventRecorderTest : public ::testing::Test {
 protected:
  void make(EventRecorderOptions options = {}) {
    recorder_ = std::make_unique<EventRecorder>(options, api_, clock_, 1, base::nullMetricSink());
  }
  void answerEverything() {
    api_.otherwise([](const AskedCall&, const std::stop_token&) -> Answer { return "{}"; });
  }
  base::ManualClock clock_;
  testing::ScriptedApiClient api_;
  std::unique_ptr<EventRecorder> recorder_;
};

TEST_F(EventRecorderTest, WritesOverTheFastLane) {
  answerEverything();
  make();
  recorder_->start();
  EXPECT_TRUE(recorder_->record(scheduled("a")));
  ASSERT_TRUE(api_.waitForCalls(1));
  const AskedCall call = api_.calls().front();
  EXPECT_EQ(call.line(), "POST /apis/events.k8s.io/v1/namespaces/ns/events");
  EXPECT_TRUE(call.fast_lane);
  EXPECT_THAT(call.body, HasSubstr("Successfully assigned ns/a to n1"));
}

TEST_F(EventRecorderTest, SecondLikeEventIsAMergePatch) {
  answerEverything();
  make();
  recorder_->start();
  recorder_->record(scheduled("a"));
  ASSERT_TRUE(api_.waitForCalls(1));
  recorder_->record(scheduled("a"));
  ASSERT_TRUE(api_.waitForCalls(2));
  EXPECT_THAT(api_.calls().back().line(),
              StartsWith("PATCH /apis/events.k8s.io/v1/namespaces/ns/events/a."));
  EXPECT_EQ(api_.calls().back().content_type, "application/merge-patch+json");
}

TEST_F(EventRecorderTest, NeverBlocksAndDropsWhenTheQueueIsFull) {
  EventRecorderOptions options;
  options.queue_capacity = 10;
  options.workers = 1;
  make(options);
  recorder_->start();
  // The script is empty: the first write hangs until it is stopped.
  recorder_->record(scheduled("first"));
  ASSERT_TRUE(api_.waitForCalls(1));
  int taken = 0;
  for (int i = 0; i < 100; ++i)
    taken += recorder_->record(scheduled("p" + std::to_string(i))) ? 1 : 0;
  EXPECT_EQ(taken, 10);
  recorder_->stop(base::Duration::zero());
  EXPECT_FALSE(recorder_->record(scheduled("late")));
}

TEST_F(EventRecorderTest, FailedWriteIsTriedAgainAfterTenSeconds) {
  api_.fail(testing::unreachable()).answer("{}");
  EventRecorderOptions options;
  options.workers = 1;
  make(options);
  recorder_->start();
  recorder_->record(scheduled("a"));
  ASSERT_TRUE(api_.waitForCalls(1));
  ASSERT_TRUE(clock_.waitForSleepers(1));
  clock_.advance(seconds(9));
  ASSERT_TRUE(clock_.waitForSleepers(1));
  EXPECT_EQ(api_.calls().size(), 1U);
  clock_.advance(seconds(4));
  EXPECT_TRUE(api_.waitForCalls(2));
}

TEST_F(EventRecorderTest, HangingWriteHoldsUpNoOther) {
  api_.handle([](const AskedCall&, const std::stop_token& stop) -> Answer {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait(lock, stop, [] { return false; });
    return tl::unexpected(testing::unreachable());
  });
  answerEverything();
  make();
  recorder_->start();
  recorder_->record(scheduled("stuck"));
  ASSERT_TRUE(api_.waitForCalls(1));
  for (int i = 0; i < 20; ++i) recorder_->record(scheduled("p" + std::to_string(i)));
  EXPECT_TRUE(api_.waitForCalls(21));
}

TEST_F(EventRecorderTest, StopLetsQueuedEventsOut) {
  answerEverything();
  make();
  for (int i = 0; i < 50; ++i) recorder_->record(scheduled("p" + std::to_string(i)));
  recorder_->start();
  recorder_->stop(seconds(10));
  EXPECT_EQ(api_.calls().size(), 50U);
}

TEST_F(EventRecorderTest, ManyThreadsMayRecord) {
  answerEverything();
  EventRecorderOptions options;
  options.queue_capacity = 10'000;
  make(options);
  recorder_->start();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          recorder_->record(scheduled("p" + std::to_string(t) + "-" + std::to_string(i)));
        }
      });
    }
  }
  recorder_->stop(seconds(10));
  EXPECT_EQ(api_.calls().size(), 800U);
}

}  // namespace
}  // namespace stowage::k8sclient
