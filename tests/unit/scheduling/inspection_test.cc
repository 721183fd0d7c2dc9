// Scheduler::inspect: verdicts, reasons, scores and the choice of one pod, without deciding it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

NodeBuilder roomy(std::string_view name) { return makeNode(name).cpu("4").memory("8Gi"); }

TEST(Inspection, TellsEveryNodesVerdictWithPluginAndReasons) {
  SchedulerHarness h;
  h.add(roomy("a"));
  h.add(makeNode("b").cpu("100m").memory("1Mi"));
  const auto found = h.scheduler->inspect(makePod("p").cpu("1").memory("1Gi"));
  ASSERT_EQ(found.nodes.size(), 2U);
  EXPECT_EQ(found.nodes[0].fit, placement::Fit::kFits);
  EXPECT_EQ(found.nodes[1].plugin, "NodeResourcesFit");
  EXPECT_THAT(found.nodes[1].reasons, ElementsAre("Insufficient cpu", "Insufficient memory"));
  EXPECT_EQ(found.chosen, "a");
  EXPECT_THAT(found.message, IsEmpty());
}

TEST(Inspection, GivesRawAndNormalisedScoresOfFeasibleNodes) {
  HarnessOptions options;
  options.profile.scores = {{"NodeAffinity", 7}};
  SchedulerHarness h(options);
  h.add(roomy("a").label("tier", "one"));
  h.add(roomy("b"));
  const auto found = h.scheduler->inspect(
      makePod("p").preferNode(20, "tier", kubeapi::SelectorOperator::kIn, {"one"}));
  ASSERT_EQ(found.scores.size(), 1U);
  EXPECT_EQ(found.scores[0].plugin, "NodeAffinity");
  EXPECT_EQ(found.scores[0].weight, 7);
  EXPECT_THAT(found.scores[0].raw, ElementsAre(20, 0));
  EXPECT_THAT(found.scores[0].normalised, ElementsAre(100, 0));
}

TEST(Inspection, SaysWhatUsersWouldReadAndDecidesNothing) {
  SchedulerHarness h;
  EXPECT_EQ(h.scheduler->inspect(makePod("p")).message, "no nodes available to schedule pods");
  h.add(makeNode("a").cpu("1").memory("1Gi"));
  EXPECT_EQ(h.scheduler->inspect(makePod("p").cpu("2")).message,
            "0/1 nodes are available: 1 Insufficient cpu.");
  EXPECT_EQ(h.scheduler->podCount(), 0U);
  EXPECT_EQ(h.scheduler->queueSizes().active, 0U);
  EXPECT_THAT(h.events.events, IsEmpty());
}

TEST(Inspection, NamesWhatIsRefused) {
  SchedulerHarness h;
  h.add(roomy("a"));
  auto pod = std::make_shared<kubeapi::Pod>(*kubeapi::PodPtr(makePod("p")));
  pod->spec.has_resource_claims = true;
  EXPECT_EQ(h.scheduler->inspect(pod).refusal,
            "spec.resourceClaims is not supported by this version of stowage-scheduler");
}

}  // namespace
}  // namespace stowage::testing
