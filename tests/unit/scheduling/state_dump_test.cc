// Scheduler::dump: what waits and why, what nodes hold, with limits.
#include "scheduling/cycle/state_dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using scheduling::DumpRequest;
using scheduling::StateDump;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

DumpRequest nodes(const std::string& name = "") {
  DumpRequest request;
  request.what = DumpRequest::What::kNodes;
  request.name = name;
  return request;
}

std::vector<std::string> namesIn(const StateDump& dump) {
  std::vector<std::string> names;
  for (const auto& waiting : dump.waiting_pods) names.emplace_back(waiting.pod->meta.name.view());
  return names;
}

TEST(StateDump, TellsWhatAPodWaitsForAndHowLong) {
  SchedulerHarness h;
  h.add(makeNode("a").cpu("1").memory("1Gi"));
  h.add(makePod("big").cpu("2"));
  h.settle();
  h.advance(3s);
  const StateDump dump = h.scheduler->dump({});
  ASSERT_THAT(namesIn(dump), ElementsAre("big"));
  const auto& big = dump.waiting_pods[0];
  EXPECT_STREQ(scheduling::nameOf(big.place), "unschedulable");
  EXPECT_EQ(big.profile, "stowage-scheduler");
  EXPECT_THAT(big.rejectors, ElementsAre("NodeResourcesFit"));
  EXPECT_EQ(big.attempts, 1U);
  EXPECT_EQ(big.waited, 3s);
  EXPECT_EQ(dump.queue.unschedulable, 1U);
  EXPECT_EQ(dump.waiting, 1U);
}

TEST(StateDump, PodsOfAnEmptyClusterWaitForNodes) {
  SchedulerHarness h;
  h.add(makePod("p"));
  h.settle();
  EXPECT_THAT(h.scheduler->dump({}).waiting_pods.at(0).rejectors, ElementsAre("no nodes"));
}

TEST(StateDump, APodThatIsBeingBoundIsInFlightAndAssumed) {
  SchedulerHarness h;
  h.add(makeNode("a").cpu("4").memory("8Gi"));
  h.add(makePod("p").cpu("1"));
  h.settle();
  EXPECT_STREQ(scheduling::nameOf(h.scheduler->dump({}).waiting_pods.at(0).place), "inFlight");
  EXPECT_EQ(h.metrics.value("scheduler_goroutines", "operation=binding"), 1);
  const StateDump held = h.scheduler->dump(nodes("a"));
  ASSERT_THAT(held.shown_nodes, SizeIs(1));
  ASSERT_THAT(held.shown_nodes[0].pods, SizeIs(1));
  EXPECT_TRUE(held.shown_nodes[0].pods[0].assumed);
  h.confirmAll();
  EXPECT_THAT(h.scheduler->dump({}).waiting_pods, IsEmpty());
  EXPECT_FALSE(h.scheduler->dump(nodes("a")).shown_nodes[0].pods[0].assumed);
  EXPECT_EQ(h.metrics.value("scheduler_goroutines", "operation=binding"), 0);
}

TEST(StateDump, NodesTellWhatTheyHaveAndWhatIsAskedOfThem) {
  SchedulerHarness h;
  h.add(makeNode("a").cpu("4").memory("8Gi").pods("10"));
  h.add(makePod("p").cpu("1500m"));
  h.settle();
  const StateDump dump = h.scheduler->dump(nodes());
  ASSERT_THAT(dump.shown_nodes, SizeIs(1));
  EXPECT_EQ(dump.shown_nodes[0].pod_count, 1U);
  EXPECT_THAT(dump.shown_nodes[0].pods, IsEmpty()) << "pods come for one node only";
  const auto& cpu = dump.shown_nodes[0].resources.at(0);
  EXPECT_EQ(cpu.name, "cpu");
  EXPECT_EQ(cpu.allocatable, 4000);
  EXPECT_EQ(cpu.requested, 1500);
  EXPECT_EQ(dump.pods, 1U);
  EXPECT_FALSE(dump.consistent.has_value());
}

TEST(StateDump, ShowsNoMoreThanItsLimitAndThoseThatWaitLongestFirst) {
  SchedulerHarness h;
  for (const char* name : {"first", "second", "third"}) {
    h.add(makePod(name));
    h.settle();
    h.advance(1s);
  }
  DumpRequest request;
  request.limit = 2;
  const StateDump dump = h.scheduler->dump(request);
  EXPECT_THAT(namesIn(dump), ElementsAre("first", "second"));
  EXPECT_EQ(dump.waiting, 3U);
  request.limit = 5;
  request.name = "third";
  EXPECT_THAT(namesIn(h.scheduler->dump(request)), ElementsAre("third"));
  request.ns = "elsewhere";
  EXPECT_THAT(namesIn(h.scheduler->dump(request)), IsEmpty());
}

TEST(StateDump, ANodeThatIsNotThereIsNoNode) {
  SchedulerHarness h;
  h.add(makePod("lost").node("gone"));
  EXPECT_THAT(h.scheduler->dump(nodes("gone")).shown_nodes, IsEmpty());
}

TEST(StateDump, VerifiesSumsWhenAsked) {
  SchedulerHarness h;
  h.add(makeNode("a").cpu("4").memory("8Gi"));
  DumpRequest request = nodes();
  request.verify = true;
  EXPECT_EQ(h.scheduler->dump(request).consistent, true);
}

}  // namespace
}  // namespace stowage::testing
