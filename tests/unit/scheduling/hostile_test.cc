// Pods that the API server accepts and that nobody in their right mind writes: one of them must
// neither crash the scheduler nor hold up the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;

struct Case {
  const char* what;
  kubeapi::PodPtr pod;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.what; }

kubeapi::PodPtr manyContainers() {
  auto pod = makePod("p").cpu("1m");
  for (int i = 0; i < 10000; ++i) pod.container("c" + std::to_string(i)).cpu("1000000000");
  return pod;
}

kubeapi::PodPtr manyTolerations() {
  auto pod = makePod("p");
  for (int i = 0; i < 20000; ++i) pod.tolerate("k" + std::to_string(i), "v");
  return pod;
}

kubeapi::PodPtr manyPorts() {
  auto pod = makePod("p");
  for (int i = 0; i < 20000; ++i) pod.hostPort(1 + i);
  return pod;
}

kubeapi::PodPtr manyResources() {
  auto pod = makePod("p");
  for (int i = 0; i < 5000; ++i) {
    pod.edit().spec.containers[0].requests.emplace_back(
        "evil.example/r" + std::to_string(10000 + i), quantity("1"));
  }
  return pod;
}

kubeapi::PodPtr manyNames() {
  auto pod = makePod("p");
  std::vector<std::string> names;
  for (int i = 0; i < 50000; ++i) names.push_back("node-" + std::to_string(i));
  pod.requireNode("kubernetes.io/hostname", kubeapi::SelectorOperator::kNotIn, names);
  pod.nodeSelector("never", "there");
  return pod;
}

kubeapi::PodPtr manyTerms() {
  auto pod = makePod("p");
  for (int i = 0; i < 900; ++i) {
    pod.requireNode("k" + std::to_string(i), kubeapi::SelectorOperator::kIn, {"v"});
  }
  return pod;
}

kubeapi::PodPtr empty() {
  auto pod = makePod("p");
  pod.edit().spec.containers.clear();
  return pod;
}

kubeapi::PodPtr oddWeights() {
  auto pod = makePod("p").priority(std::numeric_limits<std::int32_t>::min());
  for (const std::int32_t weight : {std::numeric_limits<std::int32_t>::max(), -5, 0}) {
    for (int i = 0; i < 100; ++i) {
      pod.preferNode(weight, "kubernetes.io/hostname", kubeapi::SelectorOperator::kExists, {});
    }
  }
  return pod;
}

std::vector<Case> cases() {
  return {
      {"10,000 containers of a billion cores", manyContainers()},
      {"9.2e18 bytes", makePod("p").memory("9223372036854775807").build()},
      {"1e18 cores", makePod("p").cpu("1000000000000000000").build()},
      {"20,000 tolerations", manyTolerations()},
      {"20,000 host ports", manyPorts()},
      {"5,000 made-up resources", manyResources()},
      {"50,000 node names", manyNames()},
      {"900 affinity terms", manyTerms()},
      {"no container", empty()},
      {"weights and priorities at the limits", oddWeights()},
  };
}

class Hostile : public ::testing::TestWithParam<Case> {};

TEST_P(Hostile, OnePodDoesNotHoldUpTheOthers) {
  HarnessOptions options;
  SchedulerHarness h(options);
  for (int i = 0; i < 300; ++i) {
    auto node = makeNode("n" + std::to_string(i)).cpu("8").memory("32Gi");
    if (i % 3 == 0) node.taint("pool", std::to_string(i % 10));
    h.add(node);
  }
  const auto begin = std::chrono::steady_clock::now();
  h.add(GetParam().pod);
  h.settle();
  h.add(makePod("good").cpu("1"));
  h.settle();
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_NE(h.boundTo("good"), "");
  EXPECT_LT(took, 10s) << "generous: sanitizers run this too";
  EXPECT_LE(h.lastCondition().size(), std::size_t{64} << 10);
  h.confirmAll();
  h.remove(GetParam().pod);
  EXPECT_EQ(h.settle(), 0);
}

INSTANTIATE_TEST_SUITE_P(Pods, Hostile, ::testing::ValuesIn(cases()));

TEST(HostileInput, ObjectsWithoutIdentityAreIgnored) {
  SchedulerHarness h;
  h.scheduler->podAdded(nullptr);
  h.scheduler->podUpdated(nullptr, nullptr);
  h.scheduler->podDeleted(nullptr);
  h.scheduler->nodeAdded(nullptr);
  h.scheduler->nodeDeleted(nullptr);
  h.scheduler->namespaceSet(nullptr);
  h.scheduler->namespaceDeleted(nullptr);
  h.add(makePod("anonymous").uid(""));
  h.add(makeNode(""));
  h.scheduler->bindFinished({}, scheduling::BindOutcome::kBound, "");
  h.scheduler->podRefetched({}, std::nullopt);
  EXPECT_EQ(h.settle(), 0);
  EXPECT_EQ(h.scheduler->nodeCount(), 0U);
}

TEST(HostileInput, EventsForThingsNeverSeenDoNoHarm) {
  SchedulerHarness h;
  h.remove(makePod("never"));
  h.scheduler->nodeDeleted(makeNode("never"));
  h.scheduler->podUpdated(makePod("x"), makePod("x").node("nowhere"));
  EXPECT_EQ(h.scheduler->podCount(), 1U);
  h.add(makeNode("nowhere").cpu("1"));
  EXPECT_EQ(h.settle(), 0);
}

TEST(HostileInput, ARecreatedPodIsAnotherPod) {
  SchedulerHarness h;
  h.add(makeNode("n").cpu("1").memory("1Gi"));
  h.scheduler->podAdded(makePod("a").uid("one").cpu("1").node("n"));
  h.scheduler->podUpdated(makePod("a").uid("one").cpu("1").node("n"),
                          makePod("a").uid("two").cpu("1"));
  h.settle();
  EXPECT_EQ(h.boundTo("a"), "n") << "the first one's deletion was merged into the update";
  EXPECT_EQ(h.binder.requests.back().pod.uid, base::Symbol("two"));
}

}  // namespace
}  // namespace stowage::testing
