#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "placement/least_allocated/least_allocated.h"
#include "placement/most_allocated/most_allocated.h"

namespace stowage::placement {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

struct Case {
  std::string name;
  std::vector<Amount> allocatable;
  Demand there;  // the pods on the node
  Demand pod;
  std::vector<WeightedDimension> resources;
  std::int64_t most;
  std::int64_t least;
};

// The expected values are worked out by hand from upstream's rules (floor per resource, floor of
// the weighted mean).
TEST(AllocatedScores, AreTheIntegersOfUpstream) {
  ClusterState names;
  const Dimension gpu = names.acquireDimension("nvidia.com/gpu");
  const std::vector<WeightedDimension> both = {{kCpu, 1}, {kMemory, 1}};
  const std::vector<WeightedDimension> weighted = {{kCpu, 3}, {kMemory, 1}};
  const std::vector<WeightedDimension> with_gpu = {{kCpu, 1}, {kMemory, 1}, {gpu, 5}};
  const std::vector<Amount> node = {{kCpu, 4000}, {kMemory, 10000}};
  const std::vector<Amount> gpu_node = {{kCpu, 4000}, {kMemory, 10000}, {gpu, 8}};
  const std::vector<Case> cases = {
      {"empty node, pod without requests", node, {}, {{}, 100, 200}, both, 2, 97},
      {"each resource is floored before the mean", node, {}, {{}, 1999, 3399}, both, 41, 58},
      {"pods there count with their defaults",
       node,
       {{}, 1000, 2500},
       {{}, 1000, 2500},
       both,
       50,
       50},
      {"weights", node, {}, {{}, 4000, 0}, weighted, 75, 25},
      {"exactly full", node, {{}, 4000, 10000}, {}, both, 100, 0},
      {"over-full counts as full, and as nothing left", node, {{}, 5000, 0}, {}, both, 50, 50},
      {"the node lacks a resource", {{kCpu, 4000}}, {}, {{}, 1000, 1000}, both, 25, 75},
      {"the node has nothing", {}, {}, {{}, 1000, 1000}, both, 0, 0},
      {"an extended resource that the pod does not ask for",
       gpu_node,
       {{{gpu, 8}}, 0, 0},
       {{}, 2000, 5000},
       with_gpu,
       50,
       50},
      {"an extended resource that it asks for",
       gpu_node,
       {{{gpu, 3}}, 0, 0},
       {{{gpu, 1}}, 2000, 5000},
       with_gpu,
       50,
       50},
      {"... and weighs five times",
       gpu_node,
       {{{gpu, 7}}, 0, 0},
       {{{gpu, 1}}, 2000, 5000},
       with_gpu,
       85,
       14},
      {"the number of pods is no resource of a score",
       {{kCpu, 4000}, {kPods, 1}},
       {},
       {{}, 1000, 0},
       {{kCpu, 1}, {kPods, 7}},
       25,
       75},
      {"no resources", node, {}, {{}, 1000, 1000}, {}, 0, 0},
      {"sums that do not fit 64 bits",
       {{kCpu, kMost}},
       {{}, kMost, 0},
       {{}, kMost, 0},
       {{kCpu, 1}},
       100,
       0},
      {"products that do not fit 64 bits",
       {{kCpu, kMost}},
       {{}, kMost / 2, 0},
       {},
       {{kCpu, 1}},
       49,
       50},
  };
  for (const Case& c : cases) {
    ClusterState state;
    ASSERT_EQ(state.acquireDimension("nvidia.com/gpu"), gpu);
    const NodeIndex index = state.addNode("a");
    state.setAllocatable(index, c.allocatable);
    state.place(index, c.there);
    EXPECT_EQ(mostAllocated(state, index, c.pod, c.resources), c.most) << c.name;
    EXPECT_EQ(leastAllocated(state, index, c.pod, c.resources), c.least) << c.name;
  }
}

}  // namespace
}  // namespace stowage::placement
