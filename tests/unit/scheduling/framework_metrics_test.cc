// What is measured of decisions, plugins, hints and binds.
#include <gtest/gtest.h>

#include "testing/scheduling/scheduler_harness.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPoint = "scheduler_framework_extension_point_duration_seconds";
constexpr const char* kPlugin = "scheduler_plugin_execution_duration_seconds";
constexpr const char* kHint = "scheduler_queueing_hint_execution_duration_seconds";

NodeBuilder roomy(std::string_view name) { return makeNode(name).cpu("64").memory("64Gi"); }

std::string point(const std::string& name, const std::string& status) {
  return "extension_point=" + name + ",status=" + status + ",profile=stowage-scheduler";
}

TEST(FrameworkMetrics, CountEveryDecisionOncePerExtensionPoint) {
  SchedulerHarness h;
  h.add(roomy("a"));
  h.add(roomy("b"));
  for (int i = 0; i < 5; ++i) h.add(makePod("p" + std::to_string(i)).cpu("1"));
  h.add(makePod("big").cpu("65"));
  h.settle();
  EXPECT_EQ(h.metrics.value(kPoint, point("PreFilter", "Success")), 6);
  EXPECT_EQ(h.metrics.value(kPoint, point("Filter", "Success")), 6);
  EXPECT_EQ(h.metrics.value(kPoint, point("Score", "Success")), 5);
  EXPECT_EQ(h.metrics.value(kPoint, point("PostFilter", "Unschedulable")), 1);
  EXPECT_EQ(h.metrics.value(kPoint, point("Bind", "Success")), 0);
  h.confirmAll();
  EXPECT_EQ(h.metrics.value(kPoint, point("Bind", "Success")), 5);
}

TEST(FrameworkMetrics, ANodeWithoutRivalIsNotScored) {
  SchedulerHarness h;
  h.add(roomy("a"));
  h.add(makePod("p"));
  h.settle();
  EXPECT_EQ(h.metrics.value(kPoint, point("Filter", "Success")), 1);
  EXPECT_EQ(h.metrics.value(kPoint, point("Score", "Success")), 0);
}

TEST(FrameworkMetrics, ARefusedBindIsAnError) {
  SchedulerHarness h;
  h.add(roomy("a"));
  h.add(makePod("p"));
  h.settle();
  h.answerBind(0, scheduling::BindOutcome::kRejected, "no");
  EXPECT_EQ(h.metrics.value(kPoint, point("Bind", "Error")), 1);
}

TEST(FrameworkMetrics, OneDecisionInTenIsTakenApartByPlugin) {
  SchedulerHarness h;
  h.add(roomy("a").pods("2000"));
  h.add(roomy("b").taint("k", "v"));
  constexpr int kPods = 1000;
  for (int i = 0; i < kPods; ++i) {
    // Every pod is a shape of its own, so that each decision asks the filters.
    h.add(makePod("p" + std::to_string(i)).memory(std::to_string(i + 1)));
  }
  h.settle();
  const auto plugin = [&](const std::string& name, const std::string& status) {
    return h.metrics.value(kPlugin, "plugin=" + name + ",extension_point=Filter,status=" + status);
  };
  EXPECT_EQ(plugin("TaintToleration", "Success"), 0) << "it rejects b in every decision";
  const double sampled = plugin("TaintToleration", "UnschedulableAndUnresolvable");
  EXPECT_GT(sampled, kPods / 20);
  EXPECT_LT(sampled, kPods / 5);
}

TEST(FrameworkMetrics, OneEventInTenIsTakenApartByHint) {
  SchedulerHarness h;
  h.add(roomy("a"));
  h.add(makePod("big").cpu("65"));
  h.settle();
  constexpr int kEvents = 1000;
  for (int i = 0; i < kEvents; ++i) {
    h.scheduler->nodeUpdated(nullptr, roomy("a").cpu(i % 2 == 0 ? "63" : "64"));
  }
  const double hints = h.metrics.value(
      kHint, "plugin=NodeResourcesFit,event=NodeUpdateNodeAllocatable,hint=QueueSkip");
  EXPECT_GT(hints, kEvents / 20);
  EXPECT_LT(hints, kEvents / 5);
}

TEST(FrameworkMetrics, FamiliesThatEveryDecisionCountsInAreThereFromTheStart) {
  SchedulerHarness h;
  EXPECT_TRUE(h.metrics.hasFamily(kPoint));
  EXPECT_TRUE(h.metrics.hasFamily(kPlugin));
  EXPECT_FALSE(h.metrics.hasFamily(kHint));
}

}  // namespace
}  // namespace stowage::testing
