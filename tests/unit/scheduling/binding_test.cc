// Answers to binds in every order with what the watch shows: no pod is bound twice, none is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using scheduling::BindOutcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BindingTest : public ::testing::Test {
 protected:
  // One node with room for exactly one such pod; the pod is decided and its bind is under way.
  void begin() {
    h.add(makeNode("n1").cpu("1").memory("8Gi"));
    h.add(pod());
    h.settle();
    ASSERT_EQ(h.boundTo("a"), "n1");
  }
  static PodBuilder pod() { return makePod("a").cpu("1"); }
  // Whether a second pod would be placed on n1 now.
  bool roomLeft() {
    h.add(makePod("probe").cpu("1"));
    h.settle();
    const bool placed = h.boundTo("probe") == "n1";
    h.remove(makePod("probe").cpu("1"));
    return placed;
  }
  scheduling::PodRef ref() { return h.binder.requests.at(0).pod; }

  SchedulerHarness h;
};

TEST_F(BindingTest, TheWatchMayBeFasterThanTheAnswer) {
  begin();
  h.update(pod().node("n1"));
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  EXPECT_EQ(h.scheduler->outstandingBinds(), 1U);
  h.answerBind(0, BindOutcome::kBound);
  EXPECT_THAT(h.notes("Scheduled"), SizeIs(1));
  EXPECT_EQ(h.scheduler->outstandingBinds(), 0U);
  EXPECT_EQ(h.scheduler->podCount(), 1U);
  EXPECT_EQ(h.settle(), 0);
}

TEST_F(BindingTest, TheAnswerMayBeFasterThanTheWatch) {
  begin();
  h.answerBind(0, BindOutcome::kBound);
  EXPECT_EQ(h.scheduler->assumedPods(), 1U);
  EXPECT_FALSE(roomLeft());
  h.update(pod().node("n1"));
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  EXPECT_EQ(h.scheduler->podCount(), 1U);
}

TEST_F(BindingTest, AnOldEventOfTheUnboundPodDoesNotBringItBack) {
  begin();
  h.update(pod().label("touched", "yes"));
  h.answerBind(0, BindOutcome::kBound);
  h.update(pod().label("touched", "again"));
  h.update(pod().node("n1"));
  h.update(pod().label("late", "replay"));
  EXPECT_EQ(h.settle(), 0);
  EXPECT_THAT(h.binder.requests, SizeIs(1));
}

TEST_F(BindingTest, AnotherSchedulerWinsBeforeTheAnswer) {
  begin();
  h.add(makeNode("n2").cpu("1").memory("8Gi"));
  h.update(pod().node("n2"));
  h.answerBind(0, BindOutcome::kConflict, "already bound");
  EXPECT_THAT(h.notes("Scheduled"), IsEmpty()) << "it was not us";
  EXPECT_THAT(h.notes("FailedScheduling"), IsEmpty());
  EXPECT_EQ(h.scheduler->podCount(), 1U);
  EXPECT_TRUE(roomLeft()) << "n1 is free again";
}

TEST_F(BindingTest, AnotherSchedulerWinsAndOurAnswerIsAConflict) {
  begin();
  h.answerBind(0, BindOutcome::kConflict, "already bound");
  ASSERT_THAT(h.reader.asked, SizeIs(1));
  EXPECT_FALSE(roomLeft()) << "assumed until it is known better";
  h.add(makeNode("n2").cpu("1").memory("8Gi"));
  h.settle();
  h.scheduler->podRefetched(ref(), pod().node("n2").build());
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  EXPECT_TRUE(roomLeft());
  EXPECT_THAT(h.notes("Scheduled"), IsEmpty());
}

TEST_F(BindingTest, AConflictWithAPodThatIsStillFreeIsTriedAgain) {
  begin();
  h.answerBind(0, BindOutcome::kConflict, "gates");
  h.scheduler->podRefetched(ref(), pod().build());
  EXPECT_EQ(h.settle(), 0) << "not before its backoff";
  h.advance(1s);
  EXPECT_EQ(h.settle(), 1);
  EXPECT_THAT(h.binder.requests, SizeIs(2));
}

TEST_F(BindingTest, AnUnknownOutcomeThatWasABindIsNotTriedAgain) {
  begin();
  h.answerBind(0, BindOutcome::kUnknown, "timeout");
  EXPECT_THAT(h.reader.asked, SizeIs(1));
  h.scheduler->podRefetched(ref(), pod().node("n1").build());
  h.advance(1min);
  EXPECT_EQ(h.settle(), 0);
  EXPECT_THAT(h.binder.requests, SizeIs(1));
  EXPECT_THAT(h.notes("Scheduled"), SizeIs(1));
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
}

TEST_F(BindingTest, AnUnknownOutcomeIsSettledByTheWatch) {
  begin();
  h.answerBind(0, BindOutcome::kUnknown, "timeout");
  h.update(pod().node("n1"));
  EXPECT_THAT(h.notes("Scheduled"), SizeIs(1));
  h.scheduler->podRefetched(ref(), pod().node("n1").build());
  EXPECT_THAT(h.notes("Scheduled"), SizeIs(1)) << "said once";
  EXPECT_EQ(h.scheduler->podCount(), 1U);
}

TEST_F(BindingTest, AFailedReadIsAskedAgainAndThePodStaysAssumed) {
  begin();
  h.answerBind(0, BindOutcome::kUnknown, "timeout");
  h.scheduler->podRefetched(ref(), std::nullopt);
  EXPECT_THAT(h.reader.asked, SizeIs(1));
  EXPECT_LE(h.scheduler->nextTimer(), h.clock.now() + 1s);
  h.advance(1s);
  EXPECT_THAT(h.reader.asked, SizeIs(2));
  h.scheduler->podRefetched(ref(), std::nullopt);
  h.advance(1s);
  EXPECT_THAT(h.reader.asked, SizeIs(2)) << "the pause grows";
  h.advance(1s);
  EXPECT_THAT(h.reader.asked, SizeIs(3));
  EXPECT_EQ(h.scheduler->assumedPods(), 1U);
  EXPECT_THAT(h.binder.requests, SizeIs(1));
}

TEST_F(BindingTest, AReaderThatIsFullIsAskedLater) {
  begin();
  h.reader.full = true;
  h.answerBind(0, BindOutcome::kUnknown, "timeout");
  h.reader.full = false;
  h.advance(1s);
  EXPECT_THAT(h.reader.asked, SizeIs(1));
}

TEST_F(BindingTest, APodThatVanishedIsForgotten) {
  begin();
  h.answerBind(0, BindOutcome::kUnknown, "timeout");
  h.scheduler->podRefetched(ref(), std::optional<kubeapi::PodPtr>(nullptr));
  EXPECT_EQ(h.scheduler->podCount(), 0U);
  EXPECT_TRUE(roomLeft());
}

TEST_F(BindingTest, ARecreatedPodOfThatNameIsNotMistakenForTheOldOne) {
  begin();
  h.answerBind(0, BindOutcome::kUnknown, "timeout");
  h.scheduler->podRefetched(ref(), pod().uid("other").node("n9").build());
  EXPECT_EQ(h.scheduler->podCount(), 0U);
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
}

TEST_F(BindingTest, ARejectedBindIsToldAndTriedAgainWithGrowingPauses) {
  begin();
  h.answerBind(0, BindOutcome::kRejected, "admission said no");
  EXPECT_THAT(h.notes("FailedScheduling"),
              ElementsAre("binding rejected: running Bind plugin \"DefaultBinder\": "
                          "admission said no"));
  EXPECT_EQ(h.status.patches.at(0).reason, "SchedulerError");
  for (std::size_t attempt = 1; const auto pause : {1s, 2s, 4s, 8s, 10s, 10s}) {
    h.advance(pause - 1ms);
    EXPECT_EQ(h.settle(), 0) << "attempt " << attempt;
    h.advance(1ms);
    EXPECT_EQ(h.settle(), 1) << "attempt " << attempt;
    h.answerBind(attempt, BindOutcome::kRejected, "admission said no");
    ++attempt;
  }
}

TEST_F(BindingTest, AGonePodIsNotComplainedAbout) {
  begin();
  h.answerBind(0, BindOutcome::kGone, "not found");
  EXPECT_THAT(h.events.events, IsEmpty());
  EXPECT_THAT(h.status.patches, IsEmpty());
  h.remove(pod());
  h.advance(1min);
  EXPECT_EQ(h.settle(), 0);
  EXPECT_TRUE(roomLeft());
}

TEST_F(BindingTest, APodDeletedWhileItsBindIsUnderWayFreesItsNode) {
  begin();
  h.remove(pod());
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  EXPECT_EQ(h.scheduler->outstandingBinds(), 0U);
  h.answerBind(0, BindOutcome::kBound);
  EXPECT_EQ(h.scheduler->podCount(), 0U);
  EXPECT_TRUE(roomLeft());
}

TEST_F(BindingTest, ANodeMayGoWhileAPodIsAssumedOnIt) {
  begin();
  h.scheduler->nodeDeleted(makeNode("n1"));
  h.answerBind(0, BindOutcome::kRejected, "node gone");
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  h.advance(1s);
  h.settle();
  EXPECT_EQ(h.lastCondition(), "no nodes available to schedule pods");
}

TEST_F(BindingTest, ABindToADeletedNodeMayStillSucceed) {
  begin();
  h.scheduler->nodeDeleted(makeNode("n1"));
  h.answerBind(0, BindOutcome::kBound);
  h.update(pod().node("n1"));
  EXPECT_EQ(h.scheduler->podCount(), 1U);
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  EXPECT_FALSE(roomLeft()) << "it still counts when the node is back";
}

TEST_F(BindingTest, AFullBinderCostsNoAttempt) {
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  h.binder.full = true;
  h.add(pod());
  EXPECT_EQ(h.settle(), 1);
  EXPECT_EQ(h.settle(), 0) << "no busy loop";
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  EXPECT_EQ(h.scheduler->queueSizes().active, 1U);
  EXPECT_THAT(h.events.events, IsEmpty());
  EXPECT_LE(h.scheduler->nextTimer(), h.clock.now() + 1s);
  h.binder.full = false;
  h.advance(100ms);
  EXPECT_EQ(h.settle(), 1);
  h.confirmAll();
  EXPECT_EQ(h.metrics.value("scheduler_pod_scheduling_sli_duration_seconds", "attempts=1"), 1);
}

TEST_F(BindingTest, ABinderThatAnswersHasRoomAgain) {
  h.add(makeNode("n1").cpu("4").memory("8Gi"));
  h.add(makePod("first"));
  h.settle();
  h.binder.full = true;
  h.add(pod());
  h.settle();
  h.binder.full = false;
  h.answerBind(0, BindOutcome::kBound);
  EXPECT_EQ(h.settle(), 1);
  EXPECT_EQ(h.boundTo("a"), "n1");
}

TEST_F(BindingTest, TheFreedNodeGoesToTheNextPod) {
  begin();
  h.add(makePod("next").cpu("1"));
  h.settle();
  EXPECT_EQ(h.boundTo("next"), "");
  h.answerBind(0, BindOutcome::kRejected, "no");
  h.settle();
  EXPECT_EQ(h.boundTo("next"), "n1");
}

TEST(BindingWithoutReader, AnUnknownOutcomeWaitsForTheWatch) {
  HarnessOptions options;
  options.with_reader = false;
  SchedulerHarness h(options);
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  h.add(makePod("a").cpu("1"));
  h.settle();
  h.answerBind(0, BindOutcome::kUnknown, "timeout");
  h.advance(1h);
  EXPECT_EQ(h.settle(), 0);
  EXPECT_EQ(h.scheduler->assumedPods(), 1U);
  h.update(makePod("a").cpu("1").node("n1"));
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  EXPECT_THAT(h.notes("Scheduled"), SizeIs(1));
}

TEST(BindingWithoutReader, AConflictIsTriedAgainLater) {
  HarnessOptions options;
  options.with_reader = false;
  SchedulerHarness h(options);
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  h.add(makePod("a").cpu("1"));
  h.settle();
  h.answerBind(0, BindOutcome::kConflict, "gates");
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  h.advance(1s);
  EXPECT_EQ(h.settle(), 1);
}

TEST(FaultBarrier, SetsOneBadPodAsideAndGoesOn) {
  SchedulerHarness h;
  h.binder.fault = [](const scheduling::BindRequest& request) {
    return request.pod.name == base::Symbol("bad");
  };
  h.add(makeNode("n1").cpu("4").memory("8Gi"));
  h.add(makePod("bad").priority(9));
  h.add(makePod("good"));
  h.settle();
  EXPECT_EQ(h.boundTo("good"), "n1");
  EXPECT_EQ(h.scheduler->assumedPods(), 1U) << "the bad one holds nothing";
  EXPECT_EQ(h.status.patches.at(0).reason, "SchedulerError");
  EXPECT_EQ(h.status.patches.at(0).message, "internal error: binder broke");
  h.advance(1s);
  EXPECT_EQ(h.settle(), 1);
  h.advance(2s);
  EXPECT_EQ(h.settle(), 1);
  EXPECT_EQ(h.metrics.value("stowage_scheduler_pods_quarantined_total"), 1);
  h.advance(1min);
  h.add(makeNode("n2").cpu("4").memory("8Gi"));
  EXPECT_EQ(h.settle(), 0) << "no event brings it back";
  h.binder.fault = nullptr;
  h.update(makePod("bad").priority(9).label("mended", "yes"));
  EXPECT_EQ(h.settle(), 1);
  EXPECT_NE(h.boundTo("bad"), "");
}

}  // namespace
}  // namespace stowage::testing
