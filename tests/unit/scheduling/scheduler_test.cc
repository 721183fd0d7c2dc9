// Whole-scheduler scenarios: what users see when pods, nodes and answers come in some order.
#include "scheduling/scheduler.h"

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

constexpr auto kFull = "0/1 nodes are available: 1 Insufficient cpu.";

TEST(Scheduler, BindsAPodAndSaysSo) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("4").memory("8Gi"));
  h.add(makePod("a").cpu("1"));
  EXPECT_EQ(h.settle(), 1);
  ASSERT_THAT(h.binder.requests, SizeIs(1));
  EXPECT_EQ(h.binder.requests[0].pod.uid, base::Symbol("uid-default-a"));
  EXPECT_EQ(h.boundTo("a"), "n1");
  EXPECT_EQ(h.scheduler->assumedPods(), 1U);
  EXPECT_THAT(h.events.events, IsEmpty()) << "not before the server took it";

  h.confirmAll();
  EXPECT_THAT(h.notes("Scheduled"), ElementsAre("Successfully assigned default/a to n1"));
  EXPECT_EQ(h.events.events[0].action, "Binding");
  EXPECT_FALSE(h.events.events[0].warning);
  EXPECT_EQ(h.events.events[0].reporting_controller, "stowage-scheduler");
  EXPECT_EQ(h.scheduler->assumedPods(), 0U);
  EXPECT_EQ(h.scheduler->podCount(), 1U);
  EXPECT_THAT(h.status.patches, IsEmpty()) << "PodScheduled=True is the server's to write";
}

TEST(Scheduler, SaysWhyAPodFitsNowhere) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  h.add(makePod("a").cpu("2"));
  h.settle();
  ASSERT_THAT(h.status.patches, SizeIs(1));
  const auto& patch = h.status.patches[0];
  EXPECT_EQ(patch.condition_type, "PodScheduled");
  EXPECT_EQ(patch.status, "False");
  EXPECT_EQ(patch.reason, "Unschedulable");
  EXPECT_EQ(patch.message, kFull);
  EXPECT_EQ(patch.last_transition_time, h.clock.wallNow());
  EXPECT_FALSE(patch.nominated_node.has_value());
  ASSERT_THAT(h.events.events, SizeIs(1));
  EXPECT_TRUE(h.events.events[0].warning);
  EXPECT_EQ(h.events.events[0].reason, "FailedScheduling");
  EXPECT_EQ(h.events.events[0].action, "Scheduling");
  EXPECT_EQ(h.events.events[0].note, kFull);
}

TEST(Scheduler, PatchesTheConditionOnlyWhenSomethingChanges) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  auto builder = makePod("a").cpu("2").condition("PodScheduled", "False", "Unschedulable", kFull);
  h.add(builder);
  h.settle();
  EXPECT_THAT(h.status.patches, IsEmpty());
  EXPECT_THAT(h.notes("FailedScheduling"), SizeIs(1));
}

TEST(Scheduler, KeepsTheTransitionTimeWhileTheStatusStays) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  auto builder = makePod("a").cpu("2").condition("PodScheduled", "False", "SchedulingGated", "x");
  const base::WallTime then(std::chrono::seconds(77));
  builder.edit().status.conditions[0].last_transition_time = then;
  builder.edit().meta.generation = 4;
  h.add(builder);
  h.settle();
  ASSERT_THAT(h.status.patches, SizeIs(1));
  EXPECT_EQ(h.status.patches[0].last_transition_time, then);
  EXPECT_EQ(h.status.patches[0].observed_generation, 4);
}

TEST(Scheduler, WaitsForTheFirstNode) {
  SchedulerHarness h;
  h.add(makePod("a").cpu("1"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), "no nodes available to schedule pods");
  EXPECT_EQ(h.status.patches.back().reason, "Unschedulable");
  EXPECT_EQ(h.settle(), 0) << "no busy loop on an empty cluster";
  h.add(makeNode("n1").cpu("4").memory("8Gi"));
  h.settle();
  EXPECT_EQ(h.boundTo("a"), "n1");
}

TEST(Scheduler, TakesOnlyItsOwnPodsButCountsAll) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("4").memory("8Gi"));
  h.add(makePod("theirs").scheduler("default-scheduler").cpu("1"));
  EXPECT_EQ(h.settle(), 0);
  h.add(makePod("bound").scheduler("default-scheduler").cpu("3").node("n1"));
  h.add(makePod("ours").cpu("2"));
  h.settle();
  EXPECT_EQ(h.boundTo("ours"), "");
  EXPECT_EQ(h.lastCondition(), kFull);
}

TEST(Scheduler, ReleasesAGatedPod) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("4").memory("8Gi"));
  h.add(makePod("a").gate("hold"));
  EXPECT_EQ(h.settle(), 0);
  EXPECT_EQ(h.scheduler->queueSizes().gated, 1U);
  EXPECT_EQ(h.metrics.value("scheduler_pending_pods", "queue=gated"), 1);
  h.update(makePod("a"));
  EXPECT_EQ(h.settle(), 1);
  EXPECT_EQ(h.boundTo("a"), "n1");
}

TEST(Scheduler, TriesHigherPriorityFirstAndThenTheOlder) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("40").memory("8Gi"));
  h.add(makePod("old").priority(1));
  h.add(makePod("high").priority(7));
  h.add(makePod("young").priority(1));
  h.settle();
  std::vector<std::string> order;
  for (const auto& request : h.binder.requests) order.push_back(request.pod.name.str());
  EXPECT_THAT(order, ElementsAre("high", "old", "young"));
}

TEST(Scheduler, SkipsAPodThatIsBeingDeleted) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("4").memory("8Gi"));
  h.add(makePod("a"));
  h.update(makePod("a").terminating());
  h.settle();
  EXPECT_THAT(h.binder.requests, IsEmpty());
  EXPECT_THAT(h.notes("FailedScheduling"), ElementsAre("skip schedule deleting pod: default/a"));
}

TEST(Scheduler, CountsTerminatingPodsUntilTheyAreGone) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("2").memory("8Gi"));
  h.add(makePod("old").cpu("2").node("n1").terminating());
  h.add(makePod("a").cpu("1"));
  h.settle();
  EXPECT_EQ(h.boundTo("a"), "");
  h.remove(makePod("old").cpu("2").node("n1").terminating());
  h.settle();
  EXPECT_EQ(h.boundTo("a"), "n1");
}

TEST(Scheduler, FreesWhatFinishedPodsHeld) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("2").memory("8Gi"));
  h.add(makePod("job").cpu("2").node("n1"));
  h.add(makePod("a").cpu("1"));
  h.settle();
  EXPECT_EQ(h.boundTo("a"), "");
  h.update(makePod("job").cpu("2").node("n1").phase("Succeeded"));
  h.settle();
  EXPECT_EQ(h.boundTo("a"), "n1");
}

TEST(Scheduler, CountsPodsThatCameBeforeTheirNode) {
  SchedulerHarness h;
  h.add(makePod("early").cpu("2").node("n1"));
  h.add(makeNode("n1").cpu("2").memory("8Gi"));
  h.add(makePod("a").cpu("1"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), kFull);
}

TEST(Scheduler, CountsPodsThatOutliveTheirNodeWhenItReturns) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("2").memory("8Gi"));
  h.add(makePod("old").cpu("2").node("n1"));
  h.scheduler->nodeDeleted(makeNode("n1").cpu("2").memory("8Gi"));
  EXPECT_EQ(h.scheduler->nodeCount(), 0U);
  h.add(makeNode("n1").cpu("2").memory("8Gi"));
  h.add(makePod("a").cpu("1"));
  h.settle();
  EXPECT_EQ(h.lastCondition(), kFull);
}

TEST(Scheduler, PublishesItsFamiliesFromTheStart) {
  SchedulerHarness h;
  for (const char* family :
       {"scheduler_schedule_attempts_total", "scheduler_scheduling_attempt_duration_seconds",
        "scheduler_scheduling_algorithm_duration_seconds",
        "scheduler_pod_scheduling_sli_duration_seconds", "scheduler_pod_scheduling_attempts",
        "scheduler_pending_pods", "scheduler_queue_incoming_pods_total",
        "scheduler_unschedulable_pods", "scheduler_cache_size",
        "scheduler_plugin_evaluation_total"}) {
    EXPECT_TRUE(h.metrics.hasFamily(family)) << family;
  }
}

TEST(Scheduler, CountsAttemptsByResult) {
  SchedulerHarness h;
  h.add(makeNode("n1").cpu("1").memory("8Gi"));
  h.add(makePod("fits").cpu("1"));
  h.add(makePod("big").cpu("2"));
  auto refused = makePod("refused");
  refused.edit().spec.has_resource_claims = true;
  h.add(refused);
  h.settle();
  h.confirmAll();
  const auto attempts = [&](const std::string& result) {
    return h.metrics.value("scheduler_schedule_attempts_total",
                           "result=" + result + ",profile=stowage-scheduler");
  };
  EXPECT_EQ(attempts("scheduled"), 1);
  EXPECT_EQ(attempts("unschedulable"), 1);
  EXPECT_EQ(attempts("error"), 1);
  EXPECT_EQ(h.metrics.value("scheduler_unschedulable_pods",
                            "plugin=NodeResourcesFit,profile=stowage-scheduler"),
            1);
  EXPECT_EQ(h.metrics.value("scheduler_pod_scheduling_attempts"), 1);
  EXPECT_EQ(h.metrics.value("scheduler_pod_scheduling_sli_duration_seconds", "attempts=1"), 1);
  EXPECT_EQ(h.metrics.value("scheduler_cache_size", "type=nodes"), 1);
  h.remove(makePod("big").cpu("2"));
  EXPECT_EQ(h.metrics.value("scheduler_unschedulable_pods",
                            "plugin=NodeResourcesFit,profile=stowage-scheduler"),
            0);
}

}  // namespace
}  // namespace stowage::testing
