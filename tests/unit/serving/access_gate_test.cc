#include "serving/access_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "unit/serving/fake_reviewer.h"

namespace stowage::serving {
namespace {

using namespace std::chrono_literals;

class AccessGateTest : public ::testing::Test {
 protected:
  Access decide(const std::string& authorization, const std::string& path = "/metrics") {
    return gate_.decide(authorization, path, "get", {});
  }

  FakeReviewer reviewer_;
  base::ManualClock clock_;
  AccessGate gate_{reviewer_,
                   clock_,
                   base::nullMetricSink(),
                   {.remember = 10s, .entries = 4, .concurrent_reviews = 2, .token_bytes = 100}};
};

TEST_F(AccessGateTest, DecidesByTokenAndRight) {
  const std::pair<std::string, Access> cases[] = {
      {"Bearer good", Access::kAllowed},           {"bearer good", Access::kAllowed},
      {"BEARER   good ", Access::kAllowed},        {"Bearer poor", Access::kForbidden},
      {"Bearer nobody", Access::kUnauthenticated}, {"", Access::kUnauthenticated},
      {"Bearer", Access::kUnauthenticated},        {"Bearer ", Access::kUnauthenticated},
      {"good", Access::kUnauthenticated},          {"Basic Z29vZA==", Access::kUnauthenticated},
      {"Bearer go od", Access::kUnauthenticated},  {"Bearer \"good\"", Access::kUnauthenticated},
  };
  for (const auto& [header, want] : cases) EXPECT_EQ(decide(header), want) << header;
  EXPECT_EQ(decide("Bearer good", "/secret"), Access::kForbidden);
}

TEST_F(AccessGateTest, WhatCannotBeATokenIsNotAskedAbout) {
  for (const std::string& header :
       {std::string("Bearer a b"), "Bearer " + std::string(101, 'x'), std::string("Basic x")}) {
    EXPECT_EQ(decide(header), Access::kUnauthenticated) << header;
  }
  EXPECT_EQ(reviewer_.authentications, 0);
}

TEST_F(AccessGateTest, YesAndNoAreRememberedForTenSeconds) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(decide("Bearer good"), Access::kAllowed);
    EXPECT_EQ(decide("Bearer poor"), Access::kForbidden);
    EXPECT_EQ(decide("Bearer nobody"), Access::kUnauthenticated);
  }
  EXPECT_EQ(reviewer_.authentications, 3);
  EXPECT_EQ(reviewer_.authorizations, 2);
  clock_.advance(9999ms);
  EXPECT_EQ(decide("Bearer good"), Access::kAllowed);
  EXPECT_EQ(reviewer_.authorizations, 2);
  reviewer_.allowed.clear();
  clock_.advance(2ms);
  EXPECT_EQ(decide("Bearer good"), Access::kForbidden);
}

TEST_F(AccessGateTest, AnotherPathIsAnotherQuestionAboutTheSamePerson) {
  EXPECT_EQ(decide("Bearer good"), Access::kAllowed);
  EXPECT_EQ(decide("Bearer good", "/other"), Access::kForbidden);
  EXPECT_EQ(reviewer_.authentications, 1);
  EXPECT_EQ(reviewer_.authorizations, 2);
}

TEST_F(AccessGateTest, FailsClosedAndForgetsTheFailure) {
  reviewer_.broken = true;
  EXPECT_EQ(decide("Bearer good"), Access::kUnavailable);
  reviewer_.broken = false;
  EXPECT_EQ(decide("Bearer good"), Access::kAllowed);
}

TEST_F(AccessGateTest, ARememberedYesOutlivesAnOutageButNotTenSeconds) {
  EXPECT_EQ(decide("Bearer good"), Access::kAllowed);
  reviewer_.broken = true;
  EXPECT_EQ(decide("Bearer good"), Access::kAllowed);
  clock_.advance(11s);
  EXPECT_EQ(decide("Bearer good"), Access::kUnavailable);
}

TEST_F(AccessGateTest, OnlyAFewQuestionsAreOpenAtOnce) {
  reviewer_.hold();
  std::thread first([&] { decide("Bearer a"); });
  std::thread second([&] { decide("Bearer b"); });
  ASSERT_TRUE(reviewer_.waitForHeld(2));
  EXPECT_EQ(decide("Bearer good"), Access::kUnavailable);
  reviewer_.release();
  first.join();
  second.join();
  EXPECT_EQ(decide("Bearer good"), Access::kAllowed);
}

TEST_F(AccessGateTest, AStopEndsAQuestion) {
  reviewer_.hold();
  std::stop_source stop;
  Access access = Access::kAllowed;
  std::thread asking(
      [&] { access = gate_.decide("Bearer good", "/metrics", "get", stop.get_token()); });
  ASSERT_TRUE(reviewer_.waitForHeld(1));
  stop.request_stop();
  asking.join();
  EXPECT_EQ(access, Access::kUnavailable);
}

TEST(DecisionCache, HoldsAtMostItsCapacityAndDropsTheOldest) {
  DecisionCache<int> cache(2);
  const base::SteadyTime now{};
  cache.put("a", 1, now + 10s);
  cache.put("b", 2, now + 10s);
  cache.put("a", 3, now + 10s);
  cache.put("c", 4, now + 10s);
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find("a", now), 3);
  EXPECT_EQ(cache.find("b", now), std::nullopt);
  EXPECT_EQ(cache.find("c", now), 4);
  EXPECT_EQ(cache.find("c", now + 10s), std::nullopt);
}

}  // namespace
}  // namespace stowage::serving
