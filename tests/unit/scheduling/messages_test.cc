// Texts of FailedScheduling, byte for byte as kube-scheduler v1.36.3 writes them up to the
// preemption part. Source: framework/types.go FitError and the plugins' ErrReason constants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduling/cycle/fit_error.h"
#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using kubeapi::NodePtr;
using kubeapi::PodPtr;
using kubeapi::SelectorOperator;
using kubeapi::TaintEffect;

struct Case {
  const char* what;
  std::vector<NodePtr> nodes;
  std::vector<PodPtr> bound;
  PodPtr pod;
  const char* message;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.what; }

NodeBuilder roomy(std::string_view name) { return makeNode(name).cpu("4").memory("8Gi"); }

std::vector<NodePtr> roomyNodes(int count) {
  std::vector<NodePtr> nodes;
  for (int i = 0; i < count; ++i) nodes.push_back(roomy("n" + std::to_string(i)));
  return nodes;
}

std::vector<Case> resourceCases() {
  std::vector<NodePtr> ten_and_two;
  for (int i = 0; i < 10; ++i) ten_and_two.push_back(makeNode("s" + std::to_string(i)).cpu("1"));
  ten_and_two.push_back(roomy("c1").taint("a", "b"));
  ten_and_two.push_back(roomy("c2").taint("a", "c"));
  return {
      {"cpu",
       {roomy("n")},
       {},
       makePod("p").cpu("5"),
       "0/1 nodes are available: 1 Insufficient cpu."},
      {"memory",
       {roomy("n")},
       {},
       makePod("p").memory("9Gi"),
       "0/1 nodes are available: 1 Insufficient memory."},
      {"ephemeral storage",
       {roomy("n").allocatable("ephemeral-storage", "1Gi")},
       {},
       makePod("p").request("ephemeral-storage", "2Gi"),
       "0/1 nodes are available: 1 Insufficient ephemeral-storage."},
      {"ephemeral storage that the node does not report",
       {roomy("n")},
       {},
       makePod("p").request("ephemeral-storage", "1"),
       "0/1 nodes are available: 1 Insufficient ephemeral-storage."},
      {"an extended resource that is used up",
       {roomy("n").allocatable("nvidia.com/gpu", "2")},
       {makePod("x").request("nvidia.com/gpu", "2").node("n")},
       makePod("p").request("nvidia.com/gpu", "1"),
       "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."},
      {"a resource that no node has",
       {roomy("n")},
       {},
       makePod("p").request("example.com/x", "1"),
       "0/1 nodes are available: 1 Insufficient example.com/x."},
      {"hugepages",
       {roomy("n")},
       {},
       makePod("p").request("hugepages-2Mi", "4Mi"),
       "0/1 nodes are available: 1 Insufficient hugepages-2Mi."},
      {"too many pods",
       {roomy("n").pods("1")},
       {makePod("x").node("n")},
       makePod("p"),
       "0/1 nodes are available: 1 Too many pods."},
      {"several at once on one node",
       {makeNode("n").cpu("1").memory("1Gi").pods("0")},
       {},
       makePod("p").cpu("2").memory("2Gi").request("example.com/y", "1"),
       "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient example.com/y, "
       "1 Insufficient memory, 1 Too many pods."},
      {"different on each node",
       {makeNode("a").cpu("1").memory("9Gi"), makeNode("b").cpu("9").memory("1Gi"),
        makeNode("c").cpu("1").memory("1Gi")},
       {},
       makePod("p").cpu("2").memory("2Gi"),
       "0/3 nodes are available: 2 Insufficient cpu, 2 Insufficient memory."},
      {"reasons sort as strings, not as numbers",
       ten_and_two,
       {},
       makePod("p").cpu("2"),
       "0/12 nodes are available: 10 Insufficient cpu, 2 node(s) had untolerated taint(s)."},
  };
}

std::vector<Case> nodeCases() {
  return {
      {"taints, each reported alike",
       {roomy("a").taint("k", "v"), roomy("b").taint("k", "w", TaintEffect::kNoExecute)},
       {},
       makePod("p"),
       "0/2 nodes are available: 2 node(s) had untolerated taint(s)."},
      {"cordoned comes before its taint",
       {roomy("a").unschedulable()},
       {},
       makePod("p"),
       "0/1 nodes are available: 1 node(s) were unschedulable."},
      {"node selector",
       roomyNodes(3),
       {},
       makePod("p").nodeSelector("disk", "ssd"),
       "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."},
      {"required affinity",
       {roomy("a").zone("z1")},
       {},
       makePod("p").requireNode("topology.kubernetes.io/zone", SelectorOperator::kIn, {"z2"}),
       "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."},
      {"affinity with no terms matches nothing",
       {roomy("a")},
       {},
       [] {
         auto pod = makePod("p");
         pod.edit().spec.affinity.node_required.emplace();
         return pod.build();
       }(),
       "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."},
      {"an empty term matches nothing",
       {roomy("a")},
       {},
       [] {
         auto pod = makePod("p");
         pod.edit().spec.affinity.node_required.emplace().terms.emplace_back();
         return pod.build();
       }(),
       "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."},
      {"a daemon's node is full, the others are not looked at",
       roomyNodes(3),
       {},
       makePod("p").cpu("5").requireNodeName("n1"),
       "0/3 nodes are available: 1 Insufficient cpu, "
       "2 node(s) didn't satisfy plugin(s) [NodeAffinity]."},
      {"a daemon's node is not there",
       roomyNodes(2),
       {},
       makePod("p").requireNodeName("gone"),
       "0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity]."},
      {"names that exclude each other",
       roomyNodes(2),
       {},
       [] {
         auto pod = makePod("p").requireNodeName("n0");
         auto& term = pod.edit().spec.affinity.node_required->terms[0];
         term.match_fields.push_back(term.match_fields[0]);
         term.match_fields[1].values = {"n1"};
         return pod.build();
       }(),
       "0/2 nodes are available: pod affinity terms conflict."},
      {"host port taken",
       {roomy("a")},
       {makePod("x").hostPort(80).node("a")},
       makePod("p").hostPort(80),
       "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."},
      {"a mix of filters",
       {roomy("a").taint("k", "v"), roomy("b").unschedulable(), roomy("c"), makeNode("d").cpu("1"),
        roomy("e").label("disk", "ssd")},
       {makePod("x").hostPort(80).node("e")},
       makePod("p").cpu("2").hostPort(80).nodeSelector("disk", "ssd"),
       "0/5 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, "
       "1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, "
       "2 node(s) didn't match Pod's node affinity/selector."},
      {"no node at all", {}, {}, makePod("p"), "no nodes available to schedule pods"},
  };
}

class Messages : public ::testing::TestWithParam<Case> {};

TEST_P(Messages, AreThoseOfKubeScheduler) {
  const Case& c = GetParam();
  SchedulerHarness h;
  for (const NodePtr& node : c.nodes) h.add(node);
  for (const PodPtr& pod : c.bound) h.add(pod);
  h.add(c.pod);
  h.settle();
  EXPECT_EQ(h.lastCondition(), c.message) << c.what;
  EXPECT_THAT(h.notes("FailedScheduling"), ::testing::ElementsAre(c.message)) << c.what;
  EXPECT_EQ(h.status.patches.at(0).reason, "Unschedulable") << c.what;
}

INSTANTIATE_TEST_SUITE_P(Resources, Messages, ::testing::ValuesIn(resourceCases()));
INSTANTIATE_TEST_SUITE_P(Nodes, Messages, ::testing::ValuesIn(nodeCases()));

TEST(FitErrorMessage, IsBoundedSoThatTheConditionCanBeWritten) {
  scheduling::ReasonCounts reasons;
  for (int i = 0; i < 5000; ++i) reasons["Insufficient example.com/" + std::to_string(i)] = 1;
  const std::string message = scheduling::fitErrorMessage(1, reasons);
  EXPECT_EQ(message.size(), std::size_t{64} << 10);
  EXPECT_TRUE(message.ends_with(" ..."));
}

TEST(FitErrorMessage, HasNoDotWithoutReasons) {
  EXPECT_EQ(scheduling::fitErrorMessage(3, scheduling::ReasonCounts{}), "0/3 nodes are available:");
}

TEST(Messages, CountManyExtendedResourcesBeyondTheReasonBits) {
  SchedulerHarness h;
  auto node = makeNode("n").cpu("4");
  auto pod = makePod("p");
  for (int i = 0; i < 100; ++i) {
    const std::string name = "example.com/r" + std::to_string(i);
    node.allocatable(name, i == 90 || i == 95 || i == 10 ? "1" : "5");
    pod.request(name, "2");
  }
  h.add(node);
  h.add(pod);
  h.settle();
  EXPECT_EQ(h.lastCondition(),
            "0/1 nodes are available: 1 Insufficient example.com/r10, "
            "1 Insufficient example.com/r90, 1 Insufficient example.com/r95.");
}

}  // namespace
}  // namespace stowage::testing
