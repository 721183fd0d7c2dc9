// A refused resource is told in three places, once each, and taken back when it is given again.
#include "cmd/scheduler/degraded_features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "testing/api/scripted_api_client.h"
#include "testing/scheduling/recording_metric_sink.h"

namespace stowage::scheduler_cmd {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class DegradedFeaturesTest : public ::testing::Test {
 protected:
  DegradedFeaturesTest() {
    api_.otherwise([](const testing::AskedCall&, const std::stop_token&) { return "{}"; });
    recorder_.start();
  }
  // What was written, once the recorder has nothing left to do.
  std::vector<json> events() {
    recorder_.stop(std::chrono::seconds(10));
    std::vector<json> written;
    for (const auto& call : api_.calls()) written.push_back(json::parse(call.body));
    return written;
  }

  base::SystemClock clock_;
  testing::ScriptedApiClient api_;
  testing::RecordingMetricSink metrics_;
  serving::HealthRegistry health_;
  k8sclient::EventRecorder recorder_{{}, api_, clock_, 1, base::nullMetricSink()};
  SelfEvents self_events_{
      recorder_,
      {"Lease", "coordination.k8s.io/v1", "kube-system", "stowage-scheduler", "", ""},
      "stowage-scheduler",
      "host"};
  DegradedFeatures features_{health_, self_events_, metrics_};
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
