// What people are told about a group beside its status: events, each once, and counters.
#include <gmock/gmock.h>

#include <algorithm>

#include "statefulgroup/reconcile/hand_overs.h"
#include "testing/statefulgroup/group_harness.h"

namespace stowage::testing {
namespace {

using statefulgroup::HandOvers;
using statefulgroup::HookAnswer;
using statefulgroup::HookRequest;
using statefulgroup::HookVerb;
using statefulgroup::Resource;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class GroupTellings : public ::testing::Test, protected GroupHarness {
 protected:
  // How many events of that reason there are.
  std::size_t count(const std::string& reason) {
    return static_cast<std::size_t>(
        std::count_if(events.lines.begin(), events.lines.end(), [&](const std::string& line) {
          return line.find(" " + reason + " ") != std::string::npos;
        }));
  }
  std::string last(const std::string& reason) {
    std::string found;
    for (const std::string& line : events.lines) {
      if (line.find(" " + reason + " ") != std::string::npos) found = line;
    }
    return found;
  }
  void withLeader(const Json& more) {
    put(1, 3, more);
    cluster.setRole("db-0-0", "follower");
    cluster.setRole("db-0-1", "leader");
    cluster.setRole("db-0-2", "follower");
    settle();
  }
  static Json switchover(Json more, const char* policy = "Block") {
    more["switchover"] = {{"mode", "HTTP"}, {"http", {{"port", 7000}}}, {"failurePolicy", policy}};
    return more;
  }
};

TEST_F(GroupTellings, AHandOverIsToldWhenItBeginsAndWhenItIsDone) {
  withLeader(switchover({}));
  put(1, 3, switchover(withImage("example.test/db:2")));
  for (int i = 0; i < 5; ++i) pass();
  EXPECT_EQ(count("SwitchoverStarted"), 1U);
  EXPECT_EQ(count("SwitchoverSucceeded"), 0U);
  EXPECT_THAT(last("SwitchoverStarted"), HasSubstr("db-0-1 is asked to hand role leader over"));
  cluster.setRole("db-0-1", "follower");
  cluster.setRole("db-0-0", "leader");
  settle();
  EXPECT_EQ(count("SwitchoverSucceeded"), 1U);
  EXPECT_THAT(last("SwitchoverSucceeded"), HasSubstr("handed role leader over to db-0-0"));
  EXPECT_EQ(count("SwitchoverFailed"), 0U);
}

TEST_F(GroupTellings, AHandOverThatIsOutOfTimeIsToldOnceAndWhatFollows) {
  hooks.answer = [](const HookRequest& request) -> HookAnswer {
    if (request.verb != HookVerb::kSwitchover) return {};
    return {HookAnswer::Kind::kFailed, "connection refused"};
  };
  withLeader(switchover({}));
  put(1, 3, switchover(withImage("example.test/db:2")));
  clock.advance(std::chrono::seconds(61));
  for (int i = 0; i < 5; ++i) pass();
  EXPECT_EQ(count("SwitchoverFailed"), 1U);
  EXPECT_THAT(last("SwitchoverFailed"), HasSubstr("connection refused), and stays"));
}

TEST_F(GroupTellings, AMemberThatLeavesIsTold) {
  const Json more = {{"membership", {{"mode", "HTTP"}, {"http", {{"port", 7000}}}}}};
  put(1, 5, more);
  put(1, 3, more);
  EXPECT_THAT(events.lines, Contains(HasSubstr("MemberLeft db-0-4 is no member")));
  EXPECT_THAT(events.lines, Contains(HasSubstr("MemberLeft db-0-3 is no member")));
}

TEST_F(GroupTellings, ARolloutThatIsStuckIsToldOnce) {
  put(2, 3);
  bad_images.insert("example.test/db:bad");
  put(2, 3, withImage("example.test/db:bad"));
  // The pass that waits for the member looks again when its time is over.
  const controlloop::Outcome waiting = pass();
  EXPECT_EQ(waiting.next, controlloop::Outcome::Next::kAfter);
  EXPECT_LE(waiting.after, std::chrono::seconds(601));
  EXPECT_EQ(count("RolloutStuck"), 0U);
  clock.advance(waiting.after);
  settle();
  settle();
  EXPECT_EQ(count("RolloutStuck"), 1U);
  EXPECT_EQ(count("RolloutHalted"), 1U);
  EXPECT_THAT(last("RolloutHalted"), HasSubstr("5 of 6 replicas stay"));
}

// One of three is missing: no other may be, which is worth a word. Of five it is not.
TEST_F(GroupTellings, AShardThatCanSpareNobodyMoreSaysSo) {
  put(1, 3);
  unready = {"db-0-1"};
  kubelet();
  settle();
  EXPECT_EQ(condition("Degraded"), "True/AtQuorumFloor");
  unready.clear();
  put(1, 5);
  EXPECT_EQ(condition("Degraded"), "False/AsWanted");
  unready = {"db-0-1"};
  kubelet();
  settle();
  EXPECT_EQ(condition("Degraded"), "True/MemberUnready");
}

TEST_F(GroupTellings, WhatIsDoneIsCounted) {
  put(1, 3);
  EXPECT_EQ(metrics.value("stowage_operations_total", "operation=create,result=success"), 3);
  put(1, 3, withImage("example.test/db:2"));
  EXPECT_EQ(metrics.value("stowage_operations_total", "operation=update,result=success"), 3);
  EXPECT_EQ(metrics.value("stowage_evictions_total", "result=ok"), 3);
  cluster.end("db-0-2", "Failed");
  settle();
  EXPECT_EQ(metrics.value("stowage_operations_total", "operation=heal,result=success"), 1);
  put(1, 1, withImage("example.test/db:2"));
  EXPECT_EQ(metrics.value("stowage_operations_total", "operation=scalein,result=success"), 2);
  // All are there from the start.
  EXPECT_TRUE(metrics.hasFamily("stowage_quorum_guard_denied_total"));
}

TEST_F(GroupTellings, WhoSaidNoIsCounted) {
  withLeader(switchover({}));
  put(1, 3, switchover(withImage("example.test/db:2")));
  EXPECT_GE(metrics.value("stowage_quorum_guard_denied_total", "reason=hook"), 1);
  EXPECT_GE(metrics.value("stowage_operations_total", "operation=update,result=denied"), 1);
  EXPECT_EQ(metrics.value("stowage_quorum_guard_denied_total", "reason=budget"), 0);
}

TEST(HandOversTest, TellEachTurnOnceAndForgetWhatIsDone) {
  HandOvers hand_overs;
  EXPECT_TRUE(hand_overs.begin("a"));
  EXPECT_FALSE(hand_overs.begin("a"));
  EXPECT_TRUE(hand_overs.fail("a"));
  EXPECT_FALSE(hand_overs.fail("a"));
  EXPECT_TRUE(hand_overs.end("a"));
  EXPECT_FALSE(hand_overs.end("a"));
  EXPECT_TRUE(hand_overs.fail("b"));
  EXPECT_FALSE(hand_overs.begin("b"));
  for (std::size_t i = 0; i < 2 * HandOvers::kMost; ++i) hand_overs.begin(std::to_string(i));
  EXPECT_LE(hand_overs.size(), HandOvers::kMost);
}

}  // namespace
}  // namespace stowage::testing
