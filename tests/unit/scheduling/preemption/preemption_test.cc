// Preemption through the whole scheduler: who is evicted, in which order things are written, and
// what the preemptor does until its room is free.
#include "unit/scheduling/preemption/preemption_fixture.h"

namespace stowage::testing {
namespace {

TEST_F(PreemptionTest, NominatesThenMarksAndDeletesThenBinds) {
  h.add(node("n"));
  h.add(running("low", "n", "3"));
  h.add(wanting("high", "2", 100));
  h.settle();
  ASSERT_EQ(h.evictor.nominations.size(), 1U);
  const auto& patch = h.evictor.nominations[0];
  EXPECT_EQ(patch.nominated_node, "n");
  EXPECT_EQ(patch.condition_type, "PodScheduled");
  EXPECT_EQ(patch.reason, "Unschedulable");
  EXPECT_EQ(patch.message, "0/1 nodes are available: 1 Insufficient cpu.");
  EXPECT_THAT(h.notes("FailedScheduling"), ElementsAre(patch.message));
  EXPECT_THAT(h.status.patches, IsEmpty()) << "the condition goes with the nomination";
  EXPECT_THAT(h.evictor.evictions, IsEmpty()) << "no victim before the nomination is written";

  nominationDone();
  expectVictims({"low"});
  const auto& eviction = h.evictor.evictions[0];
  EXPECT_EQ(eviction.victim.uid, "uid-default-low");
  ASSERT_TRUE(eviction.mark.has_value());
  EXPECT_EQ(eviction.mark->condition_type, "DisruptionTarget");
  EXPECT_EQ(eviction.mark->status, "True");
  EXPECT_EQ(eviction.mark->reason, "PreemptionByScheduler");
  EXPECT_EQ(eviction.mark->message,
            "stowage-scheduler: preempting to accommodate a higher priority pod");
  EXPECT_THAT(h.notes("Preempted"), IsEmpty()) << "not before it is true";

  evictionDone(0);
  EXPECT_THAT(h.notes("Preempted"), ElementsAre("Preempted by pod uid-default-high on node n"));
  const auto& event = h.events.events.back();
  EXPECT_FALSE(event.warning);
  EXPECT_EQ(event.action, "Preempting");
  EXPECT_EQ(event.pod.name, "low");
  ASSERT_TRUE(event.related.has_value());
  EXPECT_EQ(event.related->name, "high");
  h.settle();
  EXPECT_THAT(h.binder.requests, IsEmpty()) << "the victim still holds its room";

  h.remove(h.seen("low"));
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
  EXPECT_EQ(metric("scheduler_preemption_attempts_total"), 1);
  EXPECT_EQ(metric("scheduler_preemption_victims"), 1);
}

TEST_F(PreemptionTest, AVictimThatLeavesBeforeItsDeletionIsAnsweredIsNoticed) {
  h.add(node("n"));
  h.add(running("low", "n", "3"));
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone();
  h.remove(h.seen("low"));
  h.settle();
  EXPECT_THAT(h.binder.requests, IsEmpty()) << "held until the calls are answered";
  evictionDone(0);
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
}

TEST_F(PreemptionTest, NobodyIsEvictedWhenTheRoomIsFreeBeforeTheNominationStands) {
  h.add(node("n"));
  h.add(running("low", "n", "2"));
  h.add(running("other", "n", "2", 200));
  h.add(wanting("high", "2", 100));
  h.settle();
  h.remove(h.seen("other"));
  nominationDone();
  expectVictims({});
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
  EXPECT_EQ(metric("scheduler_preemption_victims"), 0);
}

TEST_F(PreemptionTest, APreemptorThatIsGoneCostsNobodyItsPlace) {
  h.add(node("n"));
  h.add(running("low", "n", "3"));
  h.add(wanting("high", "2", 100));
  h.settle();
  h.remove(h.seen("high"));
  nominationDone();
  expectVictims({});
}

TEST_F(PreemptionTest, PolicyNeverSaysSo) {
  h.add(node("n"));
  h.add(running("low", "n", "3"));
  h.add(wanting("high", "2", 100).preemptNever());
  h.settle();
  EXPECT_EQ(h.lastCondition(),
            "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
            "not eligible due to preemptionPolicy=Never.");
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
  EXPECT_EQ(metric("scheduler_preemption_attempts_total"), 1);
}

TEST_F(PreemptionTest, EqualAndHigherPrioritiesAreNeverEvicted) {
  h.add(node("n1"));
  h.add(node("n2"));
  h.add(running("equal", "n1", "3", 100));
  h.add(running("higher", "n2", "3", 101));
  h.add(wanting("p", "2", 100));
  h.settle();
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
  EXPECT_EQ(h.lastCondition(),
            "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: "
            "0/2 nodes are available: 2 No preemption victims found for incoming pod.");
}

TEST_F(PreemptionTest, TheMessageCountsWhatWasTriedInVain) {
  h.add(node("n1"));
  h.add(node("n2").taint("a", "b"));
  h.add(makeNode("n3").cpu("1").memory("8Gi"));
  h.add(node("n4"));
  h.add(running("low", "n1", "1"));
  h.add(running("high", "n1", "3", 500));
  h.add(running("high4", "n4", "3", 500));
  h.add(wanting("p", "2", 100));
  h.settle();
  EXPECT_EQ(h.lastCondition(),
            "0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu. no "
            "new claims to deallocate, preemption: 0/4 nodes are available: 1 Insufficient cpu, 1 "
            "No preemption victims found for incoming pod, 2 Preemption is not helpful for "
            "scheduling.");
}

TEST_F(PreemptionTest, NoNodeThatPodsAreTheReasonForIsSaidToo) {
  h.add(node("n").taint("a", "b"));
  h.add(wanting("p", "2", 100));
  h.settle();
  EXPECT_EQ(h.lastCondition(),
            "0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to "
            "deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for "
            "scheduling.");
}

TEST_F(PreemptionTest, APodThatNamesNoNodeSaysNothingOfPreemption) {
  h.add(node("n"));
  const auto pod = [](const char* name) {
    auto made = makePod(name);
    made.cpu("1").requireNodeName("a");
    auto& term = made.edit().spec.affinity.node_required->terms.front();
    term.match_fields.push_back(term.match_fields.front());
    term.match_fields.back().values = {"b"};
    return made;
  };
  h.add(pod("p"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), "0/1 nodes are available: pod affinity terms conflict.");
}

TEST_F(PreemptionTest, WhereThePluginIsOffOnlyClaimsSpeak) {
  HarnessOptions off = options();
  off.profile.preemption.enabled = false;
  SchedulerHarness each(off);
  each.add(node("n"));
  each.add(running("low", "n", "4"));
  each.add(wanting("p", "2", 100));
  each.settle();
  EXPECT_EQ(each.lastCondition(),
            "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate");
  EXPECT_THAT(each.evictor.nominations, IsEmpty());
}

TEST_F(PreemptionTest, VictimsOfOtherSchedulersTooUnlessTheProfileSparesThem) {
  h.add(node("n"));
  h.add(running("theirs", "n", "3").scheduler("default-scheduler"));
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone();
  expectVictims({"theirs"});

  HarnessOptions sparing = options();
  sparing.profile.preemption.spare_other_schedulers = true;
  SchedulerHarness spared(sparing);
  spared.add(node("n"));
  spared.add(running("theirs", "n", "3").scheduler("default-scheduler"));
  spared.add(wanting("high", "2", 100));
  spared.settle();
  EXPECT_THAT(spared.evictor.nominations, IsEmpty());
}

TEST_F(PreemptionTest, WaitsWhileItsVictimsTerminate) {
  h.add(node("n"));
  h.add(node("m"));
  h.add(running("low", "n", "3"));
  h.add(running("more", "m", "3", 50));
  h.add(running("small", "m", "100m", 50));
  h.add(wanting("high", "2", 100));
  h.settle();
  ASSERT_EQ(h.evictor.nominations.back().nominated_node, "n") << "lower priorities go first";
  nominationDone();
  evictionDone(0);
  echoNomination("high");
  // Something on m makes the pod try again before the watch shows the deletion, and after it.
  for (const bool seen : {false, true}) {
    if (seen) leaving("low");
    touch("high");
    h.settle();
    EXPECT_EQ(h.lastCondition(),
              "0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, "
              "preemption: not eligible due to a terminating pod on the nominated node.")
        << seen;
    expectVictims({"low"});
  }
  h.remove(h.seen("low"));
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
}

// As after a crash: some victims were deleted, the others were not, and nobody but us will do it.
TEST_F(PreemptionTest, WhatAPredecessorBeganIsFinishedOnceItsVictimsAreGone) {
  h.add(node("n"));
  h.add(running("first", "n", "2"));
  leaving("first");
  h.add(running("second", "n", "2"));
  h.add(wanting("high", "4", 100).nominated("n"));
  h.settle();
  EXPECT_THAT(h.evictor.nominations, IsEmpty()) << "waits for the one that is leaving";
  h.remove(h.seen("first"));
  h.settle();
  ASSERT_EQ(h.evictor.nominations.size(), 1U) << "no event says that it fits, and it never will";
  nominationDone();
  expectVictims({"second"});
}

TEST_F(PreemptionTest, APromisedNodeThatGoesWakesWhoWaitedForIt) {
  h.add(node("n"));
  h.add(node("m"));
  h.add(running("low", "n", "3"));
  h.add(running("mid", "m", "3", 50));
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone();
  evictionDone(0);
  echoNomination("high");
  leaving("low");
  h.scheduler->nodeDeleted(node("n"));
  h.settle();
  EXPECT_EQ(h.evictor.nominations.back().nominated_node, "m");
}

TEST_F(PreemptionTest, BudgetsSteerTheChoiceAndNeverForbid) {
  kubeapi::PodDisruptionBudget budget;
  budget.meta.ns = "default";
  budget.meta.name = "b";
  budget.selector = selector("app=guarded");
  h.scheduler->budgetSet(std::make_shared<const kubeapi::PodDisruptionBudget>(budget));
  h.add(node("n1"));
  h.add(node("n2"));
  h.add(running("guarded", "n1", "3").label("app", "guarded"));
  h.add(running("plain", "n2", "3", 50));
  h.add(wanting("first", "2", 100));
  h.settle();
  nominationDone();
  expectVictims({"plain"});
  evictionDone(0);
  h.remove(h.seen("plain"));
  h.settle();
  ASSERT_EQ(h.boundTo("first"), "n2");
  h.add(wanting("second", "3", 100));
  h.settle();
  nominationDone();
  expectVictims({"plain", "guarded"});
}

TEST(PreemptionWithoutBudgets, EvictsNobody) {
  HarnessOptions given = options();
  SchedulerHarness h(given);
  scheduling::SchedulerOptions plain;
  plain.profiles = {given.profile};
  scheduling::SchedulerPorts ports{&h.binder, &h.status, &h.events, nullptr, &h.evictor};
  scheduling::Scheduler scheduler(plain, ports, h.clock, h.metrics);
  scheduler.nodeAdded(node("n"));
  scheduler.podAdded(running("low", "n", "3"));
  scheduler.podAdded(wanting("high", "2", 100));
  while (scheduler.scheduleOne()) {
  }
  EXPECT_EQ(h.lastCondition(),
            "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: "
            "not possible while poddisruptionbudgets cannot be listed");
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
}

TEST_F(PreemptionTest, AFailedNominationTouchesNobodyAndBacksOff) {
  h.add(node("n"));
  h.add(running("low", "n", "3"));
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone(WriteOutcome::kFailed, "500");
  expectVictims({});
  EXPECT_EQ(h.scheduler->queueSizes().backoff, 1U);
  EXPECT_EQ(metric("stowage_preemption_failures_total"), 1);
  h.settle();
  EXPECT_EQ(h.evictor.nominations.size(), 1U) << "not at once";
  h.advance(1s);
  h.settle();
  EXPECT_EQ(h.evictor.nominations.size(), 2U);
}

TEST_F(PreemptionTest, AFailedEvictionGivesTheNominationBack) {
  h.add(node("n"));
  h.add(running("low1", "n", "2"));
  h.add(running("low2", "n", "2"));
  h.add(wanting("high", "4", 100));
  h.settle();
  nominationDone();
  echoNomination("high");
  ASSERT_EQ(h.evictor.evictions.size(), 2U);
  evictionDone(0);
  EXPECT_TRUE(h.status.patches.empty()) << "the other call is still open";
  evictionDone(1, WriteOutcome::kFailed, "forbidden");
  ASSERT_FALSE(h.status.patches.empty());
  EXPECT_EQ(h.status.patches.back().nominated_node, "");
  EXPECT_EQ(h.status.patches.back().condition_type, "");
  EXPECT_EQ(h.scheduler->queueSizes().backoff, 1U);
}

TEST_F(PreemptionTest, AVictimThatIsAnotherPodByNowCountsAsGone) {
  h.add(node("n"));
  h.add(running("low", "n", "3"));
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone();
  h.remove(h.seen("low"));
  evictionDone(0, WriteOutcome::kGone);
  EXPECT_THAT(h.notes("Preempted"), IsEmpty());
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
}

TEST_F(PreemptionTest, AFullQueueToTheServerLosesNothing) {
  h.add(node("n"));
  h.add(running("low", "n", "3"));
  h.add(wanting("high", "2", 100));
  h.evictor.full = true;
  h.settle();
  EXPECT_EQ(h.scheduler->queueSizes().backoff, 1U);
  h.evictor.full = false;
  h.advance(1s);
  h.settle();
  ASSERT_EQ(h.evictor.nominations.size(), 1U);
  h.evictor.full = true;
  nominationDone();
  EXPECT_EQ(h.scheduler->queueSizes().backoff, 1U);
  h.evictor.full = false;
  h.advance(2s);
  h.settle();
  nominationDone();
  expectVictims({"low"});
}

TEST_F(PreemptionTest, ADecisionThatIsNotSentYetIsTakenBackInMemory) {
  h.add(node("n"));
  h.add(wanting("low", "3", 0));
  h.settle();
  ASSERT_EQ(h.boundTo("low"), "n");
  h.binder.unsent = true;
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone();
  expectVictims({});
  ASSERT_EQ(h.binder.taken_back.size(), 1U);
  EXPECT_EQ(h.binder.taken_back[0].name, "low");
  EXPECT_THAT(
      h.notes("Preempted"),
      ElementsAre("Preempted by pod uid-default-high on node n (in kube-scheduler memory)."));
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
  EXPECT_EQ(h.scheduler->outstandingBinds(), 1U);
  h.confirmAll();
}

TEST_F(PreemptionTest, ADecisionThatIsUnderWayIsDeleted) {
  h.add(node("n"));
  h.add(wanting("low", "3", 0));
  h.settle();
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone();
  expectVictims({"low"});
}

TEST_F(PreemptionTest, APodThatIsLeavingAnywayIsNotDeletedAgain) {
  h.add(node("n"));
  h.add(running("low", "n", "3").terminating());
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone();
  expectVictims({});
  EXPECT_EQ(metric("scheduler_preemption_victims"), 0);
  h.remove(h.seen("low"));
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
}

TEST_F(PreemptionTest, TheConditionIsNotWrittenTwice) {
  h.add(node("n"));
  h.add(running("low", "n", "3")
            .condition("DisruptionTarget", "True", "PreemptionByScheduler",
                       "stowage-scheduler: preempting to accommodate a higher priority pod"));
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone();
  ASSERT_EQ(h.evictor.evictions.size(), 1U);
  EXPECT_FALSE(h.evictor.evictions[0].mark.has_value());
}

TEST_F(PreemptionTest, HostPortsAreMadeFreeToo) {
  h.add(node("n"));
  h.add(running("low", "n", "1").hostPort(80));
  h.add(wanting("high", "1", 100).hostPort(80));
  h.settle();
  nominationDone();
  expectVictims({"low"});
  evictionDone(0);
  h.remove(h.seen("low"));
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n");
}

TEST_F(PreemptionTest, AnUpdateWhileItIsHeldIsNotForgotten) {
  h.add(node("n"));
  h.add(running("low", "n", "3"));
  h.add(wanting("high", "2", 100));
  h.settle();
  nominationDone();
  h.update(wanting("high", "1", 100));
  h.settle();
  EXPECT_THAT(h.binder.requests, IsEmpty());
  evictionDone(0);
  h.settle();
  EXPECT_EQ(h.boundTo("high"), "n") << "it fits as it is now";
}

TEST_F(PreemptionTest, BudgetsThatCanNoLongerBeReadProtectAll) {
  h.add(node("n"));
  h.add(running("low", "n", "3"));
  h.scheduler->budgetsKnown(false);
  h.add(wanting("high", "2", 100));
  h.settle();
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
  EXPECT_THAT(h.lastCondition(),
              ::testing::HasSubstr("not possible while poddisruptionbudgets cannot be listed"));
  h.scheduler->budgetsKnown();
  h.settle();
  nominationDone();
  expectVictims({"low"});
}

TEST_F(PreemptionTest, AnInspectionTellsEveryCandidateAndEvictsNobody) {
  h.add(node("a"));
  h.add(node("b"));
  h.add(running("low", "a", "4"));
  h.add(running("lower", "b", "4", -5));
  const auto found = h.scheduler->inspect(wanting("high", "1", 100));
  ASSERT_TRUE(found.preemption.has_value());
  ASSERT_EQ(found.preemption->candidates.size(), 2U);
  EXPECT_THAT(found.preemption->candidates[0].victims, ElementsAre("default/low"));
  EXPECT_EQ(found.preemption->chosen, "b");
  EXPECT_THAT(h.evictor.nominations, IsEmpty());
}

}  // namespace
}  // namespace stowage::testing
