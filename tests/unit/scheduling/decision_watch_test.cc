#include "scheduling/cycle/decision_watch.h"

#include <gtest/gtest.h>

namespace stowage::scheduling {
namespace {

using namespace std::chrono_literals;
using Phase = DecisionWatch::Phase;
using placement::Fit;
using placement::Verdict;

TEST(DecisionWatch, DividesADecisionIntoItsPhases) {
  base::ManualClock clock;
  DecisionWatch watch(&clock, 1, 1);
  watch.begin(Phase::kPreFilter);
  clock.advance(1ms);
  watch.enter(Phase::kFilter);
  clock.advance(2ms);
  watch.enter(Phase::kScore);
  clock.advance(3ms);
  watch.enter(Phase::kFilter);
  clock.advance(4ms);
  watch.end();
  clock.advance(5ms);
  EXPECT_EQ(watch.time(Phase::kPreFilter), 1ms);
  EXPECT_EQ(watch.time(Phase::kFilter), 6ms);
  EXPECT_EQ(watch.time(Phase::kScore), 3ms);
}

TEST(DecisionWatch, WhatHappensBetweenDecisionsIsNotMeasured) {
  base::ManualClock clock;
  DecisionWatch watch(&clock, 1, 1);
  watch.enter(Phase::kScore);
  clock.advance(1s);
  EXPECT_FALSE(watch.running());
  watch.begin(Phase::kFilter);
  clock.advance(2ms);
  watch.end();
  EXPECT_EQ(watch.time(Phase::kFilter), 2ms);
  EXPECT_EQ(watch.time(Phase::kScore), 0ms);
}

TEST(DecisionWatch, ADecisionThatWasLeftOpenIsForgotten) {
  base::ManualClock clock;
  DecisionWatch watch(&clock, 1, 1);
  watch.begin(Phase::kFilter);
  clock.advance(1s);
  watch.begin(Phase::kFilter);
  clock.advance(2ms);
  watch.end();
  EXPECT_EQ(watch.time(Phase::kFilter), 2ms);
}

TEST(DecisionWatch, SampledDecisionsTellEachPluginsTimeAndWorstAnswer) {
  base::ManualClock clock;
  DecisionWatch watch(&clock, 2, 1);
  int sampled = 0;
  for (int i = 0; i < 1000; ++i) {
    watch.begin(Phase::kFilter);
    for (const Fit fit : {Fit::kUnschedulable, Fit::kFits}) {
      watch.filter(1, [&] {
        clock.advance(1us);
        return Verdict{.reasons = 0, .rule = 1, .fit = fit};
      });
    }
    watch.score(0, [&] { clock.advance(5us); });
    watch.end();
    if (!watch.sampled()) continue;
    ++sampled;
    EXPECT_FALSE(watch.filters()[0].asked);
    EXPECT_EQ(watch.filters()[1].time, 2us);
    EXPECT_EQ(watch.filters()[1].worst, Fit::kUnschedulable);
    EXPECT_EQ(watch.scores()[0].time, 5us);
  }
  EXPECT_GT(sampled, 50);
  EXPECT_LT(sampled, 200);
}

TEST(DecisionWatch, WithoutAClockNothingIsMeasured) {
  DecisionWatch watch(nullptr, 1, 1);
  watch.begin(Phase::kFilter);
  watch.end();
  EXPECT_FALSE(watch.running());
  EXPECT_FALSE(watch.sampled());
  EXPECT_EQ(watch.time(Phase::kFilter), 0ms);
}

}  // namespace
}  // namespace stowage::scheduling
