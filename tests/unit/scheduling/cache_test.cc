// The cache as a state machine: whatever order events come in, sums equal the pods.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "scheduling/cache/cluster_cache.h"
#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"

namespace stowage::testing {
namespace {

using namespace scheduling;
using Placed = ClusterCache::Placed;

std::int64_t requestedCpu(const ClusterCache& cache, std::string_view node) {
  const auto index = cache.state().findNode(base::Symbol(node));
  return index == placement::kNoNode ? -1 : cache.state().requested(placement::kCpu, index);
}

std::shared_ptr<const PodDemand> demandOf(ClusterCache& cache, const kubeapi::PodPtr& pod) {
  const auto requests = kubeapi::podRequests(*pod, kubeapi::RequestSource::kSpec);
  return std::make_shared<const PodDemand>(cache.dimensions(), requests.amounts,
                                           requests.non_zero_cpu, requests.non_zero_memory);
}

void assume(ClusterCache& cache, const kubeapi::PodPtr& pod, std::string_view node) {
  cache.assume(pod, cache.state().findNode(base::Symbol(node)), demandOf(cache, pod));
}

TEST(ClusterCache, ConfirmsAnAssumedPodWithoutCountingItTwice) {
  ClusterCache cache;
  cache.setNode(makeNode("n").cpu("4"));
  assume(cache, makePod("a").cpu("1"), "n");
  EXPECT_EQ(requestedCpu(cache, "n"), 1000);
  EXPECT_EQ(cache.assumedCount(), 1U);
  EXPECT_EQ(cache.setPlaced(makePod("a").cpu("1").node("n")).what, Placed::kConfirmed);
  EXPECT_EQ(requestedCpu(cache, "n"), 1000);
  EXPECT_EQ(cache.assumedCount(), 0U);
  EXPECT_EQ(cache.setPlaced(makePod("a").cpu("1").node("n")).what, Placed::kUpdated);
  EXPECT_TRUE(cache.consistent());
}

TEST(ClusterCache, MovesAPodThatTheWatchShowsElsewhere) {
  ClusterCache cache;
  cache.setNode(makeNode("n").cpu("4"));
  cache.setNode(makeNode("m").cpu("4"));
  assume(cache, makePod("a").cpu("1").hostPort(80), "n");
  const auto change = cache.setPlaced(makePod("a").cpu("1").hostPort(80).node("m"));
  EXPECT_EQ(change.what, Placed::kMoved);
  ASSERT_NE(change.roomier, nullptr);
  EXPECT_EQ(change.roomier->name, base::Symbol("n"));
  EXPECT_TRUE(change.roomier->ports.empty());
  EXPECT_EQ(requestedCpu(cache, "n"), 0);
  EXPECT_EQ(requestedCpu(cache, "m"), 1000);
  EXPECT_TRUE(cache.consistent());
}

TEST(ClusterCache, CountsWhatTheKubeletReportsOfAResizedPod) {
  ClusterCache cache;
  cache.setNode(makeNode("n").cpu("8"));
  auto pod = makePod("a").cpu("1").node("n");
  cache.setPlaced(pod);
  kubeapi::ContainerStatus status;
  status.name = "main";
  status.has_resources = true;
  status.resource_requests = resources({{"cpu", "3"}});
  pod.edit().status.container_statuses.push_back(status);
  cache.setPlaced(pod);
  EXPECT_EQ(requestedCpu(cache, "n"), 3000);
  pod.edit().status.container_statuses[0].resource_requests = resources({{"cpu", "1"}});
  const auto change = cache.setPlaced(pod);
  EXPECT_NE(change.roomier, nullptr);
  EXPECT_EQ(requestedCpu(cache, "n"), 1000);
}

TEST(ClusterCache, SaturatesAndRecoversWhenAHugePodLeaves) {
  ClusterCache cache;
  cache.setNode(makeNode("n").cpu("8").memory("8Gi"));
  cache.setPlaced(makePod("small").memory("1Gi").node("n"));
  for (int i = 0; i < 3; ++i) {
    cache.setPlaced(makePod("huge" + std::to_string(i)).memory("9223372036854775807").node("n"));
  }
  const auto index = cache.state().findNode("n");
  EXPECT_EQ(cache.state().requested(placement::kMemory, index),
            std::numeric_limits<std::int64_t>::max());
  for (int i = 0; i < 3; ++i) cache.remove(makePod("huge" + std::to_string(i)).build()->meta.uid);
  EXPECT_EQ(cache.state().requested(placement::kMemory, index), std::int64_t{1} << 30);
  EXPECT_TRUE(cache.consistent());
}

TEST(ClusterCache, KeepsNamesThatNoNodeOffersOutOfTheState) {
  ClusterCache cache;
  cache.setNode(makeNode("n").cpu("8"));
  const std::size_t before = cache.state().dimensions();
  for (int i = 0; i < 500; ++i) {
    const std::string n = std::to_string(i);
    cache.setPlaced(makePod("p" + n).request("evil.example/r" + n, "1").node("n"));
  }
  EXPECT_EQ(cache.state().dimensions(), before);
  const auto change = cache.setNode(makeNode("n").cpu("8").allocatable("evil.example/r7", "5"));
  EXPECT_TRUE(change.resource_appeared);
  const auto index = cache.state().findNode("n");
  const auto dim = static_cast<placement::Dimension>(before);
  EXPECT_EQ(cache.state().dimensionName(dim), base::Symbol("evil.example/r7"));
  EXPECT_EQ(cache.state().requested(dim, index), 1) << "counted from the moment it matters";
  EXPECT_TRUE(cache.consistent());
}

TEST(ClusterCache, BoundsTheResourceNamesOfNodes) {
  ClusterCache cache;
  for (int n = 0; n < 20; ++n) {
    auto node = makeNode("n" + std::to_string(n)).cpu("1");
    for (int i = 0; i < 100; ++i) {
      node.allocatable("odd.example/r" + std::to_string(n * 100 + i), "1");
    }
    cache.setNode(node);
  }
  EXPECT_LE(cache.dimensions().names(), DimensionTable::kMaxNames);
  for (int n = 0; n < 20; ++n) cache.removeNode(base::Symbol("n" + std::to_string(n)));
  EXPECT_EQ(cache.dimensions().names(), 0U);
}

TEST(UsedPorts, TellsConflictsInBothDirections) {
  struct Case {
    kubeapi::HostPort taken, wanted;
    bool conflict;
  };
  for (const Case& c : std::vector<Case>{
           {{"0.0.0.0", "TCP", 80}, {"0.0.0.0", "TCP", 80}, true},
           {{"0.0.0.0", "TCP", 80}, {"10.0.0.1", "TCP", 80}, true},
           {{"10.0.0.1", "TCP", 80}, {"0.0.0.0", "TCP", 80}, true},
           {{"10.0.0.1", "TCP", 80}, {"10.0.0.2", "TCP", 80}, false},
           {{"10.0.0.1", "TCP", 80}, {"10.0.0.1", "UDP", 80}, false},
           {{"10.0.0.1", "TCP", 80}, {"10.0.0.1", "TCP", 81}, false},
           {{"::", "TCP", 80}, {"::1", "TCP", 80}, false},
       }) {
    UsedPorts taken;
    UsedPorts wanted;
    taken.add({c.taken});
    wanted.add({c.wanted});
    EXPECT_EQ(taken.conflictsWith(wanted), c.conflict) << c.taken.ip.view() << c.wanted.ip.view();
    // A crowd on either side makes it walk the other one.
    for (int port = 1000; port < 1010; ++port) taken.add({{"0.0.0.0", "TCP", port}});
    EXPECT_EQ(taken.conflictsWith(wanted), c.conflict);
  }
}

TEST(UsedPorts, CountsPodsThatHoldTheSamePort) {
  UsedPorts ports;
  UsedPorts wanted;
  wanted.add({{"0.0.0.0", "TCP", 80}});
  ports.add({{"0.0.0.0", "TCP", 80}});
  ports.add({{"0.0.0.0", "TCP", 80}});
  ports.remove({{"0.0.0.0", "TCP", 80}});
  EXPECT_TRUE(ports.conflictsWith(wanted));
  ports.remove({{"0.0.0.0", "TCP", 80}});
  EXPECT_FALSE(ports.conflictsWith(wanted));
  EXPECT_TRUE(ports.empty());
  ports.remove({{"0.0.0.0", "TCP", 80}});
  EXPECT_TRUE(ports.empty());
}

// What the model remembers of a pod: where it is and what it asks for.
struct ModelPod {
  std::string node;
  std::int64_t cpu = 0;
  bool assumed = false;
};

RC_GTEST_PROP(ClusterCacheProperty, SumsEqualTheModelAfterAnyEvents, ()) {
  ClusterCache cache;
  std::map<std::string, ModelPod> model;
  std::map<std::string, bool> nodes;  // name -> present
  const auto steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    const std::string node = "n" + std::to_string(*rc::gen::inRange(0, 4));
    const std::string name = "p" + std::to_string(*rc::gen::inRange(0, 8));
    const auto cpu = *rc::gen::element<std::int64_t>(0, 1, 250, 4000);
    const std::string amount = std::to_string(cpu) + "m";
    const auto pod = makePod(name).cpu(amount).build();
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        cache.setNode(makeNode(node).cpu("4"));
        nodes[node] = true;
        break;
      case 1:
        RC_ASSERT(cache.removeNode(base::Symbol(node)) == nodes[node]);
        nodes[node] = false;
        break;
      case 2:
        if (!nodes[node] || model.contains(name)) break;
        assume(cache, pod, node);
        model[name] = {node, cpu, true};
        break;
      case 3:
      case 4: {
        const bool known = model.contains(name);
        const auto change = cache.setPlaced(makePod(name).cpu(amount).node(node));
        RC_ASSERT((change.what == Placed::kAdded) == !known);
        RC_ASSERT((change.what == Placed::kMoved) == (known && model[name].node != node));
        model[name] = {node, cpu, false};
        break;
      }
      default: {
        const auto left = cache.remove(pod->meta.uid);
        RC_ASSERT(left.found == model.contains(name));
        model.erase(name);
      }
    }
    std::map<std::string, std::int64_t> sums;
    std::map<std::string, std::int64_t> counts;
    std::size_t assumed = 0;
    for (const auto& [unused, each] : model) {
      sums[each.node] += each.cpu;
      ++counts[each.node];
      assumed += each.assumed ? 1 : 0;
    }
    for (const auto& [each, present] : nodes) {
      RC_ASSERT(requestedCpu(cache, each) == (present ? sums[each] : -1));
      if (!present) continue;
      const auto index = cache.state().findNode(base::Symbol(each));
      RC_ASSERT(cache.state().requested(placement::kPods, index) == counts[each]);
    }
    RC_ASSERT(cache.podCount() == model.size());
    RC_ASSERT(cache.assumedCount() == assumed);
    RC_ASSERT(cache.consistent());
  }
}

}  // namespace
}  // namespace stowage::testing
