#include "base/repeats.h"

#include <gtest/gtest.h>

namespace stowage::base {
namespace {

using std::chrono::seconds;

TEST(Repeats, AreNoNewsForAWhile) {
  Repeats repeats(seconds(60));
  const SteadyTime start{seconds(1000)};
  EXPECT_TRUE(repeats.worthSaying("refused", start));
  EXPECT_FALSE(repeats.worthSaying("refused", start + seconds(59)));
  EXPECT_TRUE(repeats.worthSaying("refused", start + seconds(60)));
  EXPECT_FALSE(repeats.worthSaying("refused", start + seconds(61)));
}

TEST(Repeats, OtherWordsAreNews) {
  Repeats repeats(seconds(60));
  const SteadyTime start{seconds(1000)};
  EXPECT_TRUE(repeats.worthSaying("refused", start));
  EXPECT_TRUE(repeats.worthSaying("timed out", start));
  // Two that take turns, as a watch and its list do.
  EXPECT_FALSE(repeats.worthSaying("refused", start + seconds(1)));
  EXPECT_FALSE(repeats.worthSaying("timed out", start + seconds(2)));
}

TEST(Repeats, OnlyAFewAreRemembered) {
  Repeats repeats(seconds(60));
  const SteadyTime start{seconds(1000)};
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(repeats.worthSaying(std::to_string(i), start));
  EXPECT_FALSE(repeats.worthSaying("99", start));
  EXPECT_TRUE(repeats.worthSaying("0", start));
}

TEST(Repeats, AfterASuccessTheSameWordsAreNews) {
  Repeats repeats(seconds(60));
  const SteadyTime start{seconds(1000)};
  EXPECT_TRUE(repeats.worthSaying("refused", start));
  repeats.forget();
  EXPECT_TRUE(repeats.worthSaying("refused", start + seconds(1)));
}

}  // namespace
}  // namespace stowage::base
