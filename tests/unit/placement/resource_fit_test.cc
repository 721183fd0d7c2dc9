#include "placement/resource_fit.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

namespace stowage::placement {

void PrintTo(const Verdict& verdict, std::ostream* os) {
  *os << "fit " << static_cast<int>(verdict.fit) << " rule " << int{verdict.rule} << " reasons 0x"
      << std::hex << verdict.reasons << std::dec;
}

namespace {

constexpr std::uint8_t kRule = 6;
constexpr std::uint64_t bit(unsigned dim) { return std::uint64_t{1} << dim; }

// A node with 4 cores, 8,000 bytes and room for 2 pods, of which one is there with 1 core.
class ResourceFit : public testing::Test {
 protected:
  ResourceFit() {
    state_.setAllocatable(node_, std::vector<Amount>{{kCpu, 4000}, {kMemory, 8000}, {kPods, 2}});
    state_.place(node_, first_);
  }
  Verdict fit(std::vector<Amount> amounts) {
    return resourceFit(state_, node_, Demand{.amounts = std::move(amounts)}, kRule);
  }
  ClusterState state_;
  NodeIndex node_ = state_.addNode("a");
  Demand first_{.amounts = {{kCpu, 1000}}};
};

TEST_F(ResourceFit, TellsEveryResourceThatIsShortAndWhetherRemovingPodsCouldHelp) {
  struct Case {
    std::string name;
    std::vector<Amount> amounts;
    Verdict expected;
  };
  const auto most = std::numeric_limits<std::int64_t>::max();
  const std::vector<Case> cases = {
      {"nothing asked", {}, {}},
      {"all that is left", {{kCpu, 3000}, {kMemory, 8000}}, {}},
      {"one milli too much", {{kCpu, 3001}}, {bit(kCpu), kRule, Fit::kUnschedulable}},
      {"exactly the whole node", {{kCpu, 4000}}, {bit(kCpu), kRule, Fit::kUnschedulable}},
      {"more than the whole node", {{kCpu, 4001}}, {bit(kCpu), kRule, Fit::kUnresolvable}},
      {"one of two beyond the node",
       {{kCpu, 3500}, {kMemory, 8001}},
       {bit(kCpu) | bit(kMemory), kRule, Fit::kUnresolvable}},
      {"the largest amount", {{kCpu, most}}, {bit(kCpu), kRule, Fit::kUnresolvable}},
      {"a resource that the node lacks",
       {{kEphemeralStorage, 1}},
       {bit(kEphemeralStorage), kRule, Fit::kUnresolvable}},
  };
  for (const Case& c : cases) EXPECT_EQ(fit(c.amounts), c.expected) << c.name;
}

TEST_F(ResourceFit, TooManyPodsIsNeverBeyondTheNode) {
  state_.place(node_, Demand{});
  EXPECT_EQ(fit({}), (Verdict{bit(kPods), kRule, Fit::kUnschedulable}));
  state_.setAllocatable(node_, {});
  EXPECT_EQ(fit({}), (Verdict{bit(kPods), kRule, Fit::kUnschedulable}));
}

TEST_F(ResourceFit, AnOverfullNodeTakesPodsThatAskForNothingOfWhatItLacks) {
  state_.setAllocatable(node_, std::vector<Amount>{{kCpu, 500}, {kMemory, 10}, {kPods, 5}});
  EXPECT_EQ(fit({{kMemory, 10}}), Verdict{});
  EXPECT_EQ(fit({{kCpu, 1}}), (Verdict{bit(kCpu), kRule, Fit::kUnschedulable}));
}

TEST_F(ResourceFit, DimensionsBeyondSixtyTwoShareTheLastBit) {
  std::vector<Amount> amounts;
  for (int i = 0; i < 70; ++i) {
    amounts.push_back({state_.acquireDimension("example.com/" + std::to_string(i)), 1});
  }
  EXPECT_EQ(fit({amounts[62 - kFirstScalar]}).reasons, bit(62));
  EXPECT_EQ(fit({amounts[63 - kFirstScalar]}).reasons, bit(63));
  EXPECT_EQ(fit({amounts[69]}).reasons, bit(63));
}

}  // namespace
}  // namespace stowage::placement
