// Pods that need a feature of the kubelet.
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;

NodeBuilder roomy(std::string_view name) { return makeNode(name).cpu("4").memory("8Gi"); }

NodeBuilder declaring(std::string_view name, std::vector<base::Symbol> features) {
  NodeBuilder node = roomy(name);
  node.edit().declared_features = std::move(features);
  return node;
}

PodBuilder needy(std::string_view name) {
  PodBuilder pod = makePod(name).cpu("1");
  pod.edit().spec.containers[0].restarts_all = true;
  return pod;
}

TEST(DeclaredFeatures, PodsGoWhereTheirFeaturesAreDeclared) {
  SchedulerHarness h;
  h.add(roomy("old"));
  h.add(declaring("new", {"RestartAllContainersOnContainerExits"}));
  h.add(needy("p"));
  h.add(makePod("plain").cpu("4"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "new");
  EXPECT_EQ(h.boundTo("plain"), "old") << "needs nothing";
}

TEST(DeclaredFeatures, AbsenceIsToldInUpstreamsWords) {
  SchedulerHarness h;
  h.add(roomy("old"));
  h.add(declaring("other", {"UserNamespacesHostNetworkSupport"}));
  h.add(needy("p"));
  h.settle();
  EXPECT_EQ(h.lastCondition(),
            "0/2 nodes are available: 2 node(s) didn't match Pod's required features.");
}

TEST(DeclaredFeatures, AProfileWithoutThePluginIgnoresThem) {
  HarnessOptions options;
  std::erase(options.profile.filters, "NodeDeclaredFeatures");
  SchedulerHarness h(options);
  h.add(roomy("old"));
  h.add(needy("p"));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "old");
}

TEST(DeclaredFeatures, ANodeThatComesToDeclareThemWakesThePod) {
  SchedulerHarness h;
  h.add(roomy("n"));
  h.add(needy("p"));
  h.settle();
  ASSERT_EQ(h.boundTo("p"), "");
  h.advance(11s);
  h.scheduler->nodeUpdated(nullptr, declaring("n", {"SomethingElse"}));
  EXPECT_EQ(h.settle(), 0) << "it would only fail again";
  h.scheduler->nodeUpdated(nullptr, declaring("n", {"RestartAllContainersOnContainerExits"}));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "n");
  EXPECT_EQ(h.metrics.value("scheduler_queue_incoming_pods_total",
                            "queue=active,event=NodeUpdateNodeDeclaredFeature"),
            1);
}

TEST(DeclaredFeatures, ANodeThatStopsDeclaringThemIsLookedAtAnew) {
  SchedulerHarness h;
  h.add(declaring("n", {"RestartAllContainersOnContainerExits"}));
  h.add(needy("p"));
  h.settle();
  ASSERT_EQ(h.boundTo("p"), "n");
  h.scheduler->nodeUpdated(nullptr, roomy("n"));
  h.add(needy("q"));
  h.settle();
  EXPECT_EQ(h.boundTo("q"), "");
}

TEST(DeclaredFeatures, ANewNodeThatDeclaresThemWakesThePod) {
  SchedulerHarness h;
  h.add(roomy("n"));
  h.add(needy("p"));
  h.settle();
  h.advance(11s);
  h.add(declaring("m", {"RestartAllContainersOnContainerExits"}));
  h.settle();
  EXPECT_EQ(h.boundTo("p"), "m");
}

}  // namespace
}  // namespace stowage::testing
