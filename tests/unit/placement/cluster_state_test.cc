#include "placement/cluster_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace stowage::placement {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

Demand demandOf(std::vector<Amount> amounts) { return Demand{.amounts = std::move(amounts)}; }

TEST(ClusterState, StartsWithTheFourDimensionsOfEveryCluster) {
  const ClusterState state;
  ASSERT_EQ(state.dimensions(), 4U);
  EXPECT_EQ(state.dimensionName(kCpu).view(), "cpu");
  EXPECT_EQ(state.dimensionName(kMemory).view(), "memory");
  EXPECT_EQ(state.dimensionName(kEphemeralStorage).view(), "ephemeral-storage");
  EXPECT_EQ(state.dimensionName(kPods).view(), "pods");
}

TEST(ClusterState, PlacingAndRemovingAPodLeavesTheNodeAsItWas) {
  ClusterState state;
  const NodeIndex node = state.addNode("a");
  state.setAllocatable(node, std::vector<Amount>{{kCpu, 4000}, {kMemory, 8000}, {kPods, 10}});
  const Demand demand{.amounts = {{kCpu, 1500}}, .non_zero_cpu = 1500, .non_zero_memory = 200};
  state.place(node, demand);
  EXPECT_EQ(state.free(kCpu, node), 2500);
  EXPECT_EQ(state.free(kMemory, node), 8000);
  EXPECT_EQ(state.free(kPods, node), 9);
  EXPECT_EQ(state.nonZeroCpu(node), 1500);
  EXPECT_EQ(state.nonZeroMemory(node), 200);
  state.remove(node, demand);
  EXPECT_EQ(state.free(kCpu, node), 4000);
  EXPECT_EQ(state.free(kPods, node), 10);
  EXPECT_EQ(state.nonZeroCpu(node), 0);
  EXPECT_EQ(state.nonZeroMemory(node), 0);
}

TEST(ClusterState, HugeDemandsSaturateWhenReadAndComeBackExactly) {
  ClusterState state;
  const NodeIndex node = state.addNode("a");
  state.setAllocatable(node, std::vector<Amount>{{kCpu, 1000}});
  Demand huge = demandOf({{kCpu, kMost}});
  huge.non_zero_cpu = kMost;
  const Demand small = demandOf({{kCpu, 7}});
  state.place(node, small);
  state.place(node, huge);
  state.place(node, huge);
  EXPECT_EQ(state.requested(kCpu, node), kMost);
  EXPECT_EQ(state.nonZeroCpu(node), kMost);
  EXPECT_LT(state.free(kCpu, node), 0);
  state.remove(node, huge);
  state.remove(node, huge);
  EXPECT_EQ(state.requested(kCpu, node), 7);
  EXPECT_EQ(state.nonZeroCpu(node), 0);
}

TEST(ClusterState, NegativeAmountsCountAsZero) {
  ClusterState state;
  const NodeIndex node = state.addNode("a");
  state.setAllocatable(node, std::vector<Amount>{{kCpu, -5}, {kMemory, 5}});
  EXPECT_EQ(state.allocatable(kCpu, node), 0);
  state.place(node, demandOf({{kMemory, -3}}));
  EXPECT_EQ(state.requested(kMemory, node), 0);
}

TEST(ClusterState, AllocatableThatIsNotNamedAnyMoreBecomesZero) {
  ClusterState state;
  const NodeIndex node = state.addNode("a");
  state.setAllocatable(node, std::vector<Amount>{{kCpu, 5}, {kMemory, 6}});
  state.setAllocatable(node, std::vector<Amount>{{kMemory, 7}});
  EXPECT_EQ(state.allocatable(kCpu, node), 0);
  EXPECT_EQ(state.allocatable(kMemory, node), 7);
}

TEST(ClusterState, LowestSlotOfARemovedNodeIsUsedAgainAndIsEmpty) {
  ClusterState state;
  for (const char* name : {"a", "b", "c"}) {
    const NodeIndex node = state.addNode(name);
    state.setAllocatable(node, std::vector<Amount>{{kCpu, 9}});
    state.place(node, demandOf({{kCpu, 4}}));
  }
  state.removeNode(2);
  state.removeNode(0);
  EXPECT_EQ(state.nodeCount(), 1U);
  EXPECT_FALSE(state.present(0));
  EXPECT_EQ(state.findNode("a"), kNoNode);
  EXPECT_EQ(state.addNode("d"), 0U);
  EXPECT_EQ(state.allocatable(kCpu, 0), 0);
  EXPECT_EQ(state.requested(kCpu, 0), 0);
  EXPECT_EQ(state.requested(kPods, 0), 0);
  EXPECT_EQ(state.addNode("e"), 2U);
  EXPECT_EQ(state.slots(), 3U);
  EXPECT_EQ(state.findNode("d"), 0U);
}

TEST(ClusterState, ANodeThatIsAddedTwiceKeepsItsSlotAndItsSums) {
  ClusterState state;
  const NodeIndex node = state.addNode("a");
  state.setAllocatable(node, std::vector<Amount>{{kCpu, 9}});
  EXPECT_EQ(state.addNode("a"), node);
  EXPECT_EQ(state.allocatable(kCpu, node), 9);
  EXPECT_EQ(state.nodeCount(), 1U);
}

TEST(ClusterState, DimensionsAreSharedByNameAndGivenBackWithTheirLastReference) {
  ClusterState state;
  const Dimension gpu = state.acquireDimension("example.com/gpu");
  EXPECT_EQ(gpu, kFirstScalar);
  EXPECT_EQ(state.acquireDimension("example.com/gpu"), gpu);
  state.releaseDimension(gpu);
  EXPECT_EQ(state.dimensionName(gpu).view(), "example.com/gpu");
  state.releaseDimension(gpu);
  EXPECT_TRUE(state.dimensionName(gpu).empty());
  EXPECT_EQ(state.acquireDimension("example.com/fpga"), gpu);
}

TEST(ClusterState, ThousandsOfNamesThatComeAndGoUseOneColumn) {
  ClusterState state;
  state.addNode("a");
  for (int i = 0; i < 10000; ++i) {
    state.releaseDimension(state.acquireDimension("tenant.example/" + std::to_string(i)));
  }
  EXPECT_EQ(state.dimensions(), std::size_t{kFirstScalar} + 1);
}

TEST(ClusterState, AColumnInUseOutlivesItsLastRelease) {
  ClusterState state;
  const NodeIndex a = state.addNode("a");
  const Dimension gpu = state.acquireDimension("example.com/gpu");
  state.setAllocatable(a, std::vector<Amount>{{gpu, 8}});
  const Demand demand = demandOf({{gpu, 2}});
  state.place(a, demand);
  state.releaseDimension(gpu);
  EXPECT_NE(state.acquireDimension("example.com/fpga"), gpu);
  state.setAllocatable(a, {});
  EXPECT_EQ(state.dimensionName(gpu).view(), "example.com/gpu") << "a pod still uses it";
  state.remove(a, demand);
  EXPECT_TRUE(state.dimensionName(gpu).empty());
}

TEST(ClusterState, RemovingTheLastNodeThatOffersAColumnGivesItBack) {
  ClusterState state;
  const NodeIndex a = state.addNode("a");
  const Dimension gpu = state.acquireDimension("example.com/gpu");
  state.setAllocatable(a, std::vector<Amount>{{gpu, 8}});
  state.releaseDimension(gpu);
  EXPECT_FALSE(state.dimensionName(gpu).empty());
  state.removeNode(a);
  EXPECT_TRUE(state.dimensionName(gpu).empty());
}

TEST(ClusterState, ReportsExactlyTheNodesThatChangedSinceAVersion) {
  ClusterState state;
  const NodeIndex a = state.addNode("a");
  const NodeIndex b = state.addNode("b");
  const NodeIndex c = state.addNode("c");
  const std::uint64_t then = state.version();
  std::vector<NodeIndex> changed;
  ASSERT_TRUE(state.changedSince(then, changed));
  EXPECT_THAT(changed, IsEmpty());
  state.touch(c);
  state.place(a, Demand{});
  state.remove(a, Demand{});
  state.setAllocatable(b, {});
  ASSERT_TRUE(state.changedSince(then, changed));
  EXPECT_THAT(changed, ElementsAre(c, a, a, b));
}

TEST(ClusterState, SaysWhenTheChangeLogDoesNotReachBack) {
  ClusterState state;
  const NodeIndex a = state.addNode("a");
  const std::uint64_t then = state.version();
  for (int i = 0; i < (1 << 17); ++i) state.touch(a);
  std::vector<NodeIndex> changed;
  EXPECT_FALSE(state.changedSince(then, changed));
  EXPECT_TRUE(state.changedSince(state.version() - 1, changed));
  EXPECT_FALSE(state.changedSince(state.version() + 1, changed)) << "a version of the future";
}

}  // namespace
}  // namespace stowage::placement
