#include "placement/packing/arrival_mix.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"

namespace stowage::placement {
namespace {

Demand cpu(std::int64_t milli) { return Demand{{{kCpu, milli}}, milli, 0}; }

TEST(ArrivalMix, CountsTheArrivalsOfItsWindowByWhatTheyAskFor) {
  ClusterState state;
  ArrivalMix mix(state, 4);
  for (const std::int64_t milli : {100, 200, 200, 300, 300, 300}) mix.add(cpu(milli));
  EXPECT_EQ(mix.size(), 4U);
  EXPECT_EQ(mix.arrivals(), 6U);
  const auto classes = mix.byPopularity();
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[0].demand->amounts[0].value, 300);
  EXPECT_EQ(classes[0].count, 3U);
  EXPECT_EQ(classes[1].demand->amounts[0].value, 200);
  EXPECT_EQ(classes[1].count, 1U);
}

TEST(ArrivalMix, PodsThatAskForNothingDoNotCount) {
  ClusterState state;
  ArrivalMix mix(state, 4);
  mix.add(Demand{{}, 100, 200});
  EXPECT_EQ(mix.size(), 0U);
  EXPECT_TRUE(mix.byPopularity().empty());
}

TEST(ArrivalMix, DefaultsForScoresMakeNoClassesOfTheirOwn) {
  ClusterState state;
  ArrivalMix mix(state, 4);
  mix.add(Demand{{{kMemory, 5}}, 100, 5});
  mix.add(Demand{{{kMemory, 5}}, 200, 5});
  EXPECT_EQ(mix.byPopularity().size(), 1U);
}

TEST(ArrivalMix, HoldsTheDimensionsOfItsDemandsAndGivesThemBack) {
  ClusterState state;
  const Dimension gpu = state.acquireDimension("example.com/gpu");
  {
    ArrivalMix mix(state, 2);
    mix.add(Demand{{{gpu, 1}}, 0, 0});
    mix.mark();
    state.releaseDimension(gpu);
    EXPECT_EQ(state.dimensionName(gpu).view(), "example.com/gpu");
    mix.add(cpu(1));
    mix.add(cpu(1));
    EXPECT_EQ(state.dimensionName(gpu).view(), "example.com/gpu") << "the mark still refers to it";
    mix.mark();
    EXPECT_TRUE(state.dimensionName(gpu).empty());
    EXPECT_EQ(state.acquireDimension("example.com/gpu"), gpu);
    mix.add(Demand{{{gpu, 1}}, 0, 0});
    state.releaseDimension(gpu);
    EXPECT_FALSE(state.dimensionName(gpu).empty());
  }
  EXPECT_TRUE(state.dimensionName(gpu).empty()) << "the mix is gone";
}

TEST(ArrivalMix, DriftIsTwiceTheNumberOfArrivalsOfAnotherKind) {
  ClusterState state;
  ArrivalMix mix(state, 10);
  for (int i = 0; i < 10; ++i) mix.add(cpu(100));
  mix.mark();
  EXPECT_EQ(mix.drift(), 0U);
  for (int i = 0; i < 3; ++i) mix.add(cpu(200));
  EXPECT_EQ(mix.drift(), 6U);
  for (int i = 0; i < 10; ++i) mix.add(cpu(100));
  EXPECT_EQ(mix.drift(), 0U);
}

TEST(ArrivalMix, NoiseIsAboutTheDriftOfAMixThatDoesNotChange) {
  for (const std::uint64_t kinds : {1U, 10U, 100U, 1000U}) {
    ClusterState state;
    ArrivalMix mix(state, 1024);
    base::Rng rng(7);
    const auto fill = [&] {
      for (int i = 0; i < 1024; ++i) mix.add(cpu(1 + static_cast<std::int64_t>(rng.below(kinds))));
    };
    fill();
    mix.mark();
    fill();
    EXPECT_LE(mix.drift(), mix.noise() + 2 * 1024 / 7) << kinds << " kinds";
  }
}

TEST(ArrivalMix, IsBoundedWhateverArrives) {
  ClusterState state;
  ArrivalMix mix(state, 16);
  for (int i = 0; i < 5000; ++i) {
    std::vector<Amount> amounts;
    for (int j = 0; j < 40; ++j) {
      amounts.push_back({state.acquireDimension("t/" + std::to_string(i * 40 + j)), i + 1});
    }
    mix.add(Demand{amounts, 0, 0});
    for (const Amount& amount : amounts) state.releaseDimension(amount.dim);
    if (i % 7 == 0) mix.mark();
  }
  EXPECT_EQ(mix.byPopularity().size(), 16U);
  EXPECT_LT(state.dimensions(), 1000U);
}

}  // namespace
}  // namespace stowage::placement
