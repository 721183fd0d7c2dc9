// A refused resource is told in three places, once each, and taken back when it is given again.
#include "cmd/scheduler/degraded_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "testing/scheduling/recording_metric_sink.h"
#include "unit/cmd/recorded_self_events.h"

namespace stowage::scheduler_cmd {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class DegradedFeaturesTest : public ::testing::Test {
 protected:
  std::vector<json> events() { return events_.written(); }

  testing::RecordingMetricSink metrics_;
  serving::HealthRegistry health_;
  RecordedSelfEvents events_;
  DegradedFeatures features_{health_, events_.sink(), metrics_};
};

TEST_F(DegradedFeaturesTest, ARefusalIsALineAMetricAndOneEvent) {
  ASSERT_TRUE(metrics_.hasFamily("stowage_feature_degraded"));
  const auto off = [&] { return metrics_.value("stowage_feature_degraded", "feature=preemption"); };
  EXPECT_EQ(off(), 0);
  features_.resourceRefused("poddisruptionbudgets", "forbidden");
  features_.resourceRefused("poddisruptionbudgets", "still forbidden");
  EXPECT_EQ(off(), 1);
  EXPECT_THAT(health_.degraded(), ElementsAre(Pair("preemption",
                                                   "nobody is preempted, cannot read "
                                                   "poddisruptionbudgets: still forbidden")));
  const auto written = events();
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0]["type"], "Warning");
  EXPECT_EQ(written[0]["reason"], "FeatureDegraded");
  EXPECT_EQ(written[0]["regarding"]["kind"], "Lease");
  EXPECT_THAT(written[0]["note"].get<std::string>(), HasSubstr("forbidden"));
}

TEST_F(DegradedFeaturesTest, WhatIsGivenAgainIsTakenBack) {
  features_.resourceRefused("csinodes", "not served");
  features_.resourceRefused("csinodes", "");
  EXPECT_EQ(metrics_.value("stowage_feature_degraded", "feature=volumes-csinodes"), 0);
  EXPECT_TRUE(health_.degraded().empty());
  std::vector<std::string> reasons;
  for (const json& event : events()) reasons.push_back(event["reason"]);
  EXPECT_THAT(reasons, ::testing::UnorderedElementsAre("FeatureDegraded", "FeatureRestored"));
}

TEST_F(DegradedFeaturesTest, GivenFromTheStartSaysNothing) {
  features_.resourceRefused("csinodes", "");
  EXPECT_TRUE(events().empty());
}

}  // namespace
}  // namespace stowage::scheduler_cmd
