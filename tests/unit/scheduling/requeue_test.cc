// Waiting pods are woken by what may help them, and by nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using kubeapi::SelectorOperator;
using kubeapi::TaintEffect;

NodeBuilder roomy(std::string_view name) { return makeNode(name).cpu("4").memory("8Gi"); }

struct Case {
  const char* what;
  std::vector<kubeapi::NodePtr> nodes;
  std::vector<kubeapi::PodPtr> bound;
  kubeapi::PodPtr pod;  // fits nowhere at first
  std::function<void(SchedulerHarness&)> event;
  bool wakes;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.what; }

Case nodeChanges(const char* what, kubeapi::NodePtr before, kubeapi::NodePtr after,
                 kubeapi::PodPtr pod, bool wakes) {
  return {what,
          {before},
          {},
          std::move(pod),
          [before, after](SchedulerHarness& h) { h.scheduler->nodeUpdated(before, after); },
          wakes};
}

Case podGoes(const char* what, std::vector<kubeapi::PodPtr> bound, kubeapi::PodPtr pod,
             bool wakes) {
  const kubeapi::PodPtr first = bound.front();
  return {what,
          {roomy("n")},
          std::move(bound),
          std::move(pod),
          [first](SchedulerHarness& h) { h.remove(first); },
          wakes};
}

Case nodeComes(const char* what, kubeapi::NodePtr node, kubeapi::PodPtr pod, bool wakes) {
  return {what,           {roomy("full").taint("only", "others").pods("0")}, {},
          std::move(pod), [node](SchedulerHarness& h) { h.add(node); },      wakes};
}

std::vector<Case> fitCases() {
  const auto big = makePod("p").cpu("6").build();
  return {
      nodeChanges("allocatable grows enough", roomy("n"), roomy("n").cpu("8"), big, true),
      nodeChanges("allocatable grows too little", roomy("n"), roomy("n").cpu("5"), big, false),
      nodeChanges("another resource grows", roomy("n").pods("0"),
                  roomy("n").pods("0").memory("9Gi"), makePod("p").cpu("1"), false),
      nodeChanges("the pod limit grows", roomy("n").pods("0"), roomy("n").pods("5"),
                  makePod("p").cpu("1"), true),
      nodeChanges("a label changes", roomy("n"), roomy("n").label("a", "b"), big, false),
      nodeChanges("a resource appears that the pod asks for", roomy("n"),
                  roomy("n").allocatable("example.com/x", "1"),
                  makePod("p").request("example.com/x", "1"), true),
      podGoes("enough is freed", {makePod("x").cpu("3").node("n")}, makePod("p").cpu("2"), true),
      podGoes("too little is freed",
              {makePod("x").cpu("1").node("n"), makePod("y").cpu("3").node("n")},
              makePod("p").cpu("2"), false),
  };
}

std::vector<Case> shrinkCases() {
  const auto shrink = [](std::string_view to) {
    return
        [to = std::string(to)](SchedulerHarness& h) { h.update(makePod("x").cpu(to).node("n")); };
  };
  return {
      {"a placed pod shrinks enough",
       {roomy("n")},
       {makePod("x").cpu("4").node("n")},
       makePod("p").cpu("2"),
       shrink("1"),
       true},
      {"a placed pod shrinks too little",
       {roomy("n")},
       {makePod("x").cpu("4").node("n")},
       makePod("p").cpu("2"),
       shrink("3"),
       false},
      {"a placed pod grows",
       {roomy("n")},
       {makePod("x").cpu("3").node("n")},
       makePod("p").cpu("2"),
       shrink("4"),
       false},
      {"another scheduler's pod comes",
       {roomy("n")},
       {makePod("x").cpu("3").node("n")},
       makePod("p").cpu("2"),
       [](SchedulerHarness& h) { h.add(makePod("z").scheduler("other").node("n")); },
       false},
      {"a node goes",
       {roomy("n"), roomy("m")},
       {makePod("x").cpu("3").node("n")},
       makePod("p").cpu("6"),
       [](SchedulerHarness& h) { h.scheduler->nodeDeleted(roomy("m")); },
       false},
  };
}

std::vector<Case> nodeCases() {
  const auto ssd = makePod("p").nodeSelector("disk", "ssd").build();
  const auto any = makePod("p").build();
  return {
      nodeChanges("the taint goes", roomy("n").taint("k", "v"), roomy("n"), any, true),
      nodeChanges("one of two taints goes", roomy("n").taint("k", "v").taint("l", "v"),
                  roomy("n").taint("l", "v"), any, false),
      nodeChanges("a taint becomes a tolerated one", roomy("n").taint("k", "v"),
                  roomy("n").taint("ok", "v"), makePod("p").tolerateKey("ok"), true),
      nodeChanges("uncordoned", roomy("n").unschedulable(), roomy("n"), any, true),
      nodeChanges("cordoned and relabelled", roomy("n").unschedulable(),
                  roomy("n").unschedulable().label("a", "b"), any, false),
      nodeChanges("the label comes", roomy("n"), roomy("n").label("disk", "ssd"), ssd, true),
      nodeChanges("another label comes", roomy("n"), roomy("n").label("disk", "hdd"), ssd, false),
      nodeChanges("the status beats", roomy("n"), roomy("n").resourceVersion("2"),
                  makePod("p").cpu("6"), false),
      nodeComes("a node that fits", roomy("new"), makePod("p").cpu("1"), true),
      nodeComes("a node with another taint", roomy("new").taint("k", "v"), makePod("p"), false),
      nodeComes("the named node", roomy("mine"), makePod("p").requireNodeName("mine"), true),
      nodeComes("a node that is not the named one", roomy("new"),
                makePod("p").requireNodeName("mine"), false),
  };
}

std::vector<Case> portCases() {
  const auto on80 = makePod("p").hostPort(80).build();
  const auto blocker = [](int port, std::string_view ip = "") {
    return makePod("x" + std::to_string(port)).hostPort(port, "TCP", ip).node("n").build();
  };
  return {
      podGoes("the port is freed", {blocker(80)}, on80, true),
      podGoes("another port is freed", {blocker(81), blocker(80)}, on80, false),
      podGoes("a port of one address is freed", {blocker(80, "10.0.0.1")}, on80, true),
  };
}

class Requeue : public ::testing::TestWithParam<Case> {};

TEST_P(Requeue, HappensWhenTheEventMayHelp) {
  const Case& c = GetParam();
  SchedulerHarness h;
  for (const auto& node : c.nodes) h.add(node);
  for (const auto& pod : c.bound) h.add(pod);
  h.add(c.pod);
  h.settle();
  ASSERT_EQ(h.boundTo("p"), "") << c.what << ": it must not fit at first";
  ASSERT_EQ(h.scheduler->queueSizes().unschedulable, 1U) << c.what;
  c.event(h);
  EXPECT_EQ(h.scheduler->queueSizes().unschedulable, c.wakes ? 0U : 1U) << c.what;
  h.settle();
  EXPECT_EQ(h.boundTo("p").empty(), !c.wakes) << c.what << ": " << h.lastCondition();
}

INSTANTIATE_TEST_SUITE_P(Fit, Requeue, ::testing::ValuesIn(fitCases()));
INSTANTIATE_TEST_SUITE_P(Shrink, Requeue, ::testing::ValuesIn(shrinkCases()));
INSTANTIATE_TEST_SUITE_P(Nodes, Requeue, ::testing::ValuesIn(nodeCases()));
INSTANTIATE_TEST_SUITE_P(Ports, Requeue, ::testing::ValuesIn(portCases()));

TEST(RequeueOwnUpdate, ATolerationThatIsAddedHelps) {
  SchedulerHarness h;
  h.add(roomy("n").taint("k", "v"));
  h.add(makePod("p"));
  h.settle();
  h.update(makePod("p").tolerateKey("k"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(RequeueOwnUpdate, AStatusUpdateDoesNot) {
  SchedulerHarness h;
  h.add(roomy("n").taint("k", "v"));
  h.add(makePod("p"));
  h.settle();
  h.update(makePod("p").resourceVersion("2").condition("PodScheduled", "False", "Unschedulable",
                                                       h.lastCondition()));
  EXPECT_EQ(h.settle(), 0);
}

TEST(RequeueOwnUpdate, RequestsThatShrinkHelp) {
  SchedulerHarness h;
  h.add(roomy("n"));
  h.add(makePod("p").cpu("5"));
  h.settle();
  h.update(makePod("p").cpu("2"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
}

TEST(RequeueTimers, AnUnschedulablePodIsFlushedAfterFiveMinutes) {
  SchedulerHarness h;
  h.add(roomy("n"));
  h.add(makePod("p").cpu("5"));
  h.settle();
  h.advance(5min);
  EXPECT_EQ(h.settle(), 0);
  h.advance(31s);
  EXPECT_EQ(h.settle(), 1);
  EXPECT_EQ(h.metrics.value("scheduler_queue_incoming_pods_total",
                            "queue=active,event=UnschedulableTimeout"),
            1);
}

TEST(RequeueTimers, AWokenPodInBackoffYieldsToActiveOnesAndIsTakenEarlyWhenIdle) {
  SchedulerHarness h;
  h.add(roomy("n").taint("k", "v"));
  h.add(makePod("p").priority(5));
  h.settle();
  h.scheduler->nodeUpdated(nullptr, roomy("n"));
  EXPECT_EQ(h.scheduler->queueSizes().backoff, 1U) << "its backoff lasts";
  h.add(makePod("low"));
  h.settle();
  ASSERT_EQ(h.binder.requests.size(), 2U);
  EXPECT_EQ(h.binder.requests[0].pod.name, base::Symbol("low"));
  EXPECT_EQ(h.binder.requests[1].pod.name, base::Symbol("p"));
  EXPECT_EQ(
      h.metrics.value("scheduler_queue_incoming_pods_total", "queue=active,event=PopFromBackoffQ"),
      1);
}

TEST(RequeueTimers, AnEventWhileTheBindIsUnderWayIsNotLost) {
  SchedulerHarness h;
  h.add(roomy("n").cpu("1"));
  h.add(makePod("p").cpu("1"));
  h.settle();
  // The bind fails after the node has gone and another has come: the retry finds the new one.
  h.scheduler->nodeDeleted(roomy("n"));
  h.add(roomy("m"));
  h.answerBind(0, scheduling::BindOutcome::kRejected, "no such node");
  h.advance(1s);
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "m");
}

TEST(RequeueTimers, NothingWaitsForTimeInAnEmptyQueue) {
  SchedulerHarness h;
  EXPECT_EQ(h.scheduler->nextTimer(), base::SteadyTime::max());
  h.add(roomy("n"));
  h.add(makePod("p"));
  h.settle();
  h.confirmAll();
  EXPECT_EQ(h.scheduler->nextTimer(), base::SteadyTime::max());
}

}  // namespace
}  // namespace stowage::testing
