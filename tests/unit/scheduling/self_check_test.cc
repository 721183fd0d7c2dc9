#include "scheduling/cache/self_check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing/builders/node_builder.h"
#include "testing/builders/pod_builder.h"
#include "testing/scheduling/recording_metric_sink.h"

namespace stowage::testing {
namespace {

using namespace scheduling;

// A bug of ours: room is taken on the node that no pod takes.
void spoil(ClusterCache& cache, placement::NodeIndex node) {
  cache.stateForScores().place(node, {{{placement::kCpu, 100}}, 100, 0});
}

class SelfCheckTest : public ::testing::Test {
 protected:
  [[nodiscard]] double checked() const { return sink_.value("stowage_cache_checks_total"); }
  [[nodiscard]] double drifted() const { return sink_.value("stowage_cache_drifts_total"); }

  RecordingMetricSink sink_;
  SelfCheck check_{sink_};
  ClusterCache cache_;
};

TEST_F(SelfCheckTest, ASoundCacheAgreesWithItself) {
  check_.step(cache_);
  EXPECT_EQ(checked(), 0);
  for (const char* name : {"a", "b", "c"}) cache_.setNode(makeNode(name).cpu("4"));
  cache_.setPlaced(makePod("web").cpu("2").memory("1Gi").node("b"));
  cache_.setPlaced(makePod("lost").cpu("2").node("gone"));
  cache_.removeNode("a");
  check_.step(cache_);
  EXPECT_EQ(checked(), 2);
  EXPECT_EQ(drifted(), 0);
}

TEST_F(SelfCheckTest, ASumWithoutItsPodIsCountedWheneverItIsSeen) {
  for (const char* name : {"a", "b"}) cache_.setNode(makeNode(name).cpu("4"));
  cache_.setPlaced(makePod("web").cpu("2").node("b"));
  spoil(cache_, 1);
  EXPECT_FALSE(cache_.consistent());
  EXPECT_FALSE(nodeAgrees(cache_, cache_.nodeAt(1)));
  EXPECT_TRUE(nodeAgrees(cache_, cache_.nodeAt(0)));
  for (int pass = 1; pass <= 2; ++pass) {
    check_.step(cache_);
    EXPECT_EQ(drifted(), pass);
  }
}

TEST_F(SelfCheckTest, StepsAreBoundedAndComeRound) {
  const std::size_t nodes = (SelfCheck::kNodes * 2) + 7;
  for (std::size_t i = 0; i < nodes; ++i) cache_.setNode(makeNode(fmt::format("n{}", i)).cpu("4"));
  spoil(cache_, static_cast<placement::NodeIndex>(nodes - 1));
  for (const std::size_t seen : {SelfCheck::kNodes, SelfCheck::kNodes * 2}) {
    check_.step(cache_);
    EXPECT_EQ(checked(), static_cast<double>(seen));
    EXPECT_EQ(drifted(), 0);
  }
  check_.step(cache_);
  EXPECT_EQ(checked(), static_cast<double>(nodes));
  EXPECT_EQ(drifted(), 1);
  check_.step(cache_);
  EXPECT_EQ(checked(), static_cast<double>(nodes + SelfCheck::kNodes));
}

// The last node that was looked at may be gone by the next step.
TEST_F(SelfCheckTest, NodesThatGoAreNotMissed) {
  for (std::size_t i = 0; i < SelfCheck::kNodes + 1; ++i)
    cache_.setNode(makeNode(fmt::format("n{}", i)).cpu("4"));
  check_.step(cache_);
  cache_.removeNode(fmt::format("n{}", SelfCheck::kNodes));
  check_.step(cache_);
  EXPECT_EQ(checked(), SelfCheck::kNodes);
  check_.step(cache_);
  EXPECT_EQ(checked(), SelfCheck::kNodes * 2.0);
}

TEST_F(SelfCheckTest, NodesWithManyPodsEndAStepEarly) {
  for (const char* name : {"a", "b"}) {
    cache_.setNode(makeNode(name).cpu("4"));
    for (std::size_t i = 0; i < SelfCheck::kPods; ++i)
      cache_.setPlaced(makePod(fmt::format("{}{}", name, i)).node(name));
  }
  check_.step(cache_);
  EXPECT_EQ(checked(), 1);
  check_.step(cache_);
  EXPECT_EQ(checked(), 2);
  EXPECT_EQ(drifted(), 0);
}

}  // namespace
}  // namespace stowage::testing
