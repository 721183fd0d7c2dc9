#include "k8sclient/dispatch/write_dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <semaphore>
#include <string>
#include <vector>

#include "base/clock.h"

namespace stowage::k8sclient {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using Submitted = WriteDispatcher::Submitted;

// What happened, from any thread, with a way to wait for it.
class Journal {
 public:
  void add(std::string line) {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  std::vector<std::string> waitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(10), [&] { return lines_.size() >= count; });
    return lines_;
  }
  std::vector<std::string> lines() {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

class WriteDispatcherTest : public ::testing::Test {
 protected:
  std::unique_ptr<WriteDispatcher> make(int senders, std::size_t max_pending = 100) {
    return std::make_unique<WriteDispatcher>(WriteDispatcherOptions{senders, max_pending},
                                             std::vector<std::string>{kBindCall, kStatusPatchCall},
                                             clock_, base::nullMetricSink());
  }
  // A write that notes "run x" when sent and "x executed|superseded|abandoned" when finished.
  std::unique_ptr<ObjectWrite> write(const std::string& name, const std::string& object, bool bind,
                                     base::Status status = {}) {
    return makeWrite({object, bind ? kBindCall : kStatusPatchCall,
                      bind ? kBindRelevance : kStatusPatchRelevance,
                      [this, name, status](const std::stop_token&) {
                        journal_.add("run " + name);
                        return status;
                      },
                      [this, name](WriteEnd end, const base::Status& result) {
                        journal_.add(name +
                                     (end == WriteEnd::kExecuted     ? " executed"
                                      : end == WriteEnd::kSuperseded ? " superseded"
                                                                     : " abandoned") +
                                     (result.ok() ? "" : " " + result.message()));
                      }});
  }
  // A write that is under way until `release_` is given.
  std::unique_ptr<ObjectWrite> blocking(const std::string& name, const std::string& object,
                                        bool bind) {
    return makeWrite(
        {object, bind ? kBindCall : kStatusPatchCall, bind ? kBindRelevance : kStatusPatchRelevance,
         [this, name](const std::stop_token& stop) {
           journal_.add("run " + name);
           std::unique_lock lock(gate_mutex_);
           gate_.wait(lock, stop, [this] { return open_; });
           return stop.stop_requested() ? base::Status(base::Code::kCancelled, "cut")
                                        : base::Status();
         },
         [this, name](WriteEnd, const base::Status& result) {
           journal_.add(name + " executed" + (result.ok() ? "" : " " + result.message()));
         }});
  }
  void openGate() {
    std::lock_guard lock(gate_mutex_);
    open_ = true;
    gate_.notify_all();
  }

  base::ManualClock clock_;
  Journal journal_;
  std::mutex gate_mutex_;
  std::condition_variable_any gate_;
  bool open_ = false;
};

TEST_F(WriteDispatcherTest, SendsAndReportsTheResult) {
  auto dispatcher = make(1);
  dispatcher->start();
  EXPECT_EQ(dispatcher->submit(write("a", "u1", true)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->submit(write("b", "u2", false, {base::Code::kConflict, "taken"})),
            Submitted::kQueued);
  EXPECT_THAT(journal_.waitFor(4), ElementsAre("run a", "a executed", "run b", "b executed taken"));
}

TEST_F(WriteDispatcherTest, NewerPatchSupersedesTheOneThatWaits) {
  auto dispatcher = make(1);
  EXPECT_EQ(dispatcher->submit(write("old", "u1", false)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->submit(write("new", "u1", false)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->pending(), 1U);
  dispatcher->start();
  EXPECT_THAT(journal_.waitFor(3), ElementsAre("old superseded", "run new", "new executed"));
}

TEST_F(WriteDispatcherTest, BindOverridesAWaitingPatch) {
  auto dispatcher = make(1);
  EXPECT_EQ(dispatcher->submit(write("patch", "u1", false)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->submit(write("bind", "u1", true)), Submitted::kQueued);
  dispatcher->start();
  EXPECT_THAT(journal_.waitFor(3), ElementsAre("patch superseded", "run bind", "bind executed"));
}

TEST_F(WriteDispatcherTest, WaitingBindsGoFirstAndLeaveTheOthersATurn) {
  auto dispatcher = make(1);
  for (const char* name : {"p1", "p2"}) {
    EXPECT_EQ(dispatcher->submit(write(name, name, false)), Submitted::kQueued);
  }
  for (const char* name : {"b1", "b2", "b3", "b4", "b5"}) {
    EXPECT_EQ(dispatcher->submit(write(name, name, true)), Submitted::kQueued);
  }
  dispatcher->start();
  std::vector<std::string> sent;
  for (const std::string& line : journal_.waitFor(14)) {
    if (line.starts_with("run ")) sent.push_back(line.substr(4));
  }
  EXPECT_THAT(sent, ElementsAre("b1", "b2", "b3", "b4", "p1", "b5", "p2"));
}

TEST_F(WriteDispatcherTest, ABindThatOverridesAPatchTakesAPlaceAmongBinds) {
  auto dispatcher = make(1);
  for (const char* name : {"u1", "u2", "u3"}) {
    EXPECT_EQ(dispatcher->submit(write(std::string("patch ") + name, name, false)),
              Submitted::kQueued);
  }
  EXPECT_EQ(dispatcher->submit(write("bind u3", "u3", true)), Submitted::kQueued);
  EXPECT_TRUE(dispatcher->takeBack("u2", kStatusPatchCall));
  dispatcher->start();
  EXPECT_THAT(journal_.waitFor(5),
              ElementsAre("patch u3 superseded", "run bind u3", "bind u3 executed", "run patch u1",
                          "patch u1 executed"));
}

TEST_F(WriteDispatcherTest, PatchIsSkippedWhileABindWaitsOrIsUnderWay) {
  auto dispatcher = make(1);
  EXPECT_EQ(dispatcher->submit(blocking("bind", "u1", true)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->submit(write("early", "u1", false)), Submitted::kSkipped);
  dispatcher->start();
  journal_.waitFor(1);
  EXPECT_EQ(dispatcher->submit(write("late", "u1", false)), Submitted::kSkipped);
  openGate();
  EXPECT_THAT(journal_.waitFor(2), ElementsAre("run bind", "bind executed"));
}

TEST_F(WriteDispatcherTest, OneWriteOfAnObjectAtATimeAndTheNextWaitsBehindIt) {
  auto dispatcher = make(4);
  dispatcher->start();
  EXPECT_EQ(dispatcher->submit(blocking("patch", "u1", false)), Submitted::kQueued);
  journal_.waitFor(1);
  EXPECT_EQ(dispatcher->submit(write("bind", "u1", true)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->submit(write("other", "u2", true)), Submitted::kQueued);
  EXPECT_THAT(journal_.waitFor(3), ElementsAre("run patch", "run other", "other executed"))
      << "another object is not held up, the same one is";
  EXPECT_EQ(dispatcher->inFlight() + dispatcher->pending(), 2U);
  openGate();
  const auto lines = journal_.waitFor(6);
  EXPECT_THAT(lines, ::testing::IsSupersetOf({"patch executed", "run bind", "bind executed"}));
}

TEST_F(WriteDispatcherTest, FollowUpFromACompletionIsTaken) {
  auto dispatcher = make(1);
  std::atomic<int> follow_up{-1};
  EXPECT_EQ(dispatcher->submit(makeWrite(
                {"u1", kBindCall, kBindRelevance,
                 [](const std::stop_token&) { return base::Status(base::Code::kConflict, "x"); },
                 [&](WriteEnd, const base::Status&) {
                   follow_up = static_cast<int>(dispatcher->submit(write("patch", "u1", false)));
                 }})),
            Submitted::kQueued);
  dispatcher->start();
  EXPECT_THAT(journal_.waitFor(2), ElementsAre("run patch", "patch executed"));
  EXPECT_EQ(follow_up, static_cast<int>(Submitted::kQueued));
}

TEST_F(WriteDispatcherTest, RefusesWhenTooManyWaitButStillMerges) {
  auto dispatcher = make(1, 2);
  EXPECT_EQ(dispatcher->submit(write("a", "u1", false)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->submit(write("b", "u2", false)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->submit(write("c", "u3", false)), Submitted::kFull);
  EXPECT_EQ(dispatcher->submit(write("a2", "u1", false)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->pending(), 2U);
}

TEST_F(WriteDispatcherTest, NewerWriteTakesOverWhatTheOlderSaid) {
  class Patch final : public ObjectWrite {
   public:
    Patch(Journal& journal, std::string condition, std::string nomination)
        : journal_(journal), condition_(std::move(condition)), nomination_(std::move(nomination)) {}
    base::Symbol object() const override { return "u1"; }
    std::string_view callType() const override { return kStatusPatchCall; }
    int relevance() const override { return kStatusPatchRelevance; }
    base::Status execute(const std::stop_token&) override {
      journal_.add(condition_ + "+" + nomination_);
      return {};
    }
    void absorb(const ObjectWrite& older) override {
      if (nomination_.empty()) nomination_ = dynamic_cast<const Patch&>(older).nomination_;
    }
    void finished(WriteEnd, const base::Status&) override {}

   private:
    Journal& journal_;
    std::string condition_;
    std::string nomination_;
  };
  auto dispatcher = make(1);
  EXPECT_EQ(dispatcher->submit(std::make_unique<Patch>(journal_, "first", "node-7")),
            Submitted::kQueued);
  EXPECT_EQ(dispatcher->submit(std::make_unique<Patch>(journal_, "second", "")),
            Submitted::kQueued);
  dispatcher->start();
  EXPECT_THAT(journal_.waitFor(1), ElementsAre("second+node-7"));
}

TEST_F(WriteDispatcherTest, StopSendsWhatWaits) {
  auto dispatcher = make(1);
  for (int i = 0; i < 20; ++i) {
    const std::string id = std::to_string(i);
    EXPECT_EQ(dispatcher->submit(write(id, "u" + id, true)), Submitted::kQueued);
  }
  dispatcher->start();
  EXPECT_TRUE(dispatcher->stop(seconds(10)));
  EXPECT_EQ(journal_.lines().size(), 40U);
  EXPECT_EQ(dispatcher->submit(write("late", "u", true)), Submitted::kStopped);
}

TEST_F(WriteDispatcherTest, StopAtItsLimitCancelsAndAbandons) {
  auto dispatcher = make(1);
  dispatcher->start();
  EXPECT_EQ(dispatcher->submit(blocking("stuck", "u1", true)), Submitted::kQueued);
  journal_.waitFor(1);
  EXPECT_EQ(dispatcher->submit(write("behind", "u1", true)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->submit(write("waiting", "u2", true)), Submitted::kQueued);
  EXPECT_FALSE(dispatcher->stop(std::chrono::milliseconds(1)));
  EXPECT_THAT(journal_.lines(), UnorderedElementsAre("run stuck", "stuck executed cut",
                                                     "behind abandoned", "waiting abandoned"));
  EXPECT_EQ(dispatcher->pending(), 0U);
}

// Many submitters, senders and objects: every accepted write ends exactly once, and no two writes
// of one object overlap.
TEST_F(WriteDispatcherTest, EveryAcceptedWriteEndsOnceUnderLoad) {
  constexpr int kObjects = 8;
  auto dispatcher = make(4, 1000);
  dispatcher->start();
  std::atomic<int> accepted{0};
  std::atomic<int> ended{0};
  std::atomic<bool> overlapped{false};
  std::array<std::atomic<int>, kObjects> running{};
  {
    std::vector<std::jthread> submitters;
    for (int t = 0; t < 4; ++t) {
      submitters.emplace_back([&, t] {
        for (int i = 0; i < 500; ++i) {
          const int object = (i * 7 + t) % kObjects;
          const bool bind = i % 3 == 0;
          const auto result = dispatcher->submit(makeWrite(
              {"u" + std::to_string(object), bind ? kBindCall : kStatusPatchCall, bind ? 2 : 1,
               [&, object](const std::stop_token&) {
                 if (running[object].fetch_add(1) != 0) overlapped = true;
                 running[object].fetch_sub(1);
                 return base::Status();
               },
               [&](WriteEnd, const base::Status&) { ++ended; }}));
          if (result == Submitted::kQueued) ++accepted;
        }
      });
    }
  }
  EXPECT_TRUE(dispatcher->stop(seconds(10)));
  EXPECT_EQ(accepted, ended);
  EXPECT_FALSE(overlapped);
}

TEST_F(WriteDispatcherTest, WhatWaitsCanBeTakenBackWhatIsUnderWayCannot) {
  auto dispatcher = make(1);
  dispatcher->start();
  ASSERT_EQ(dispatcher->submit(blocking("first", "a", true)), Submitted::kQueued);
  journal_.waitFor(1);
  EXPECT_FALSE(dispatcher->takeBack("a", kBindCall)) << "under way";
  ASSERT_EQ(dispatcher->submit(write("second", "a", true)), Submitted::kQueued);
  ASSERT_EQ(dispatcher->submit(write("other", "b", true)), Submitted::kQueued);
  EXPECT_EQ(dispatcher->pending(), 2U);
  EXPECT_FALSE(dispatcher->takeBack("b", kStatusPatchCall)) << "another kind of call";
  EXPECT_TRUE(dispatcher->takeBack("a", kBindCall));
  EXPECT_TRUE(dispatcher->takeBack("b", kBindCall));
  EXPECT_EQ(dispatcher->pending(), 0U);
  ASSERT_EQ(dispatcher->submit(write("b again", "b", true)), Submitted::kQueued);
  openGate();
  EXPECT_TRUE(dispatcher->stop(seconds(10)));
  EXPECT_THAT(journal_.lines(),
              ElementsAre("run first", "first executed", "run b again", "b again executed"));
}

}  // namespace
}  // namespace stowage::k8sclient
