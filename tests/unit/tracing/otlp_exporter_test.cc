#include "tracing/otlp_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/clock.h"
#include "serving/metrics_registry.h"
#include "testing/http/scripted_server.h"
#include "tracing/otlp_json.h"

namespace stowage::testing {
namespace {

using namespace std::chrono_literals;
using base::SteadyTime;
using base::Trace;
using ::testing::HasSubstr;
using tracing::OtlpExporter;
using tracing::OtlpOptions;
using Json = nlohmann::json;

Trace traceOf(const std::string& pod) {
  Trace trace;
  trace.whole = {"schedule pod", SteadyTime(10s), SteadyTime(12s)};
  trace.parts = {{"Filter", SteadyTime(10s), SteadyTime(11s)}};
  trace.attributes = {{"k8s.pod.name", pod}};
  return trace;
}

TEST(OtlpJson, IsARequestOfTheProtocol) {
  base::Rng rng(1);
  Trace failed = traceOf("b\"\n");
  failed.failed = true;
  failed.error = "no";
  const Json json =
      Json::parse(tracing::otlpJson({{"service.name", "s"}}, std::vector{traceOf("a"), failed},
                                    SteadyTime(20s), base::WallTime(1000s), rng));
  const Json& of = json["resourceSpans"][0];
  EXPECT_EQ(of["resource"]["attributes"][0]["key"], "service.name");
  const Json& spans = of["scopeSpans"][0]["spans"];
  ASSERT_EQ(spans.size(), 4U);
  EXPECT_EQ(spans[0]["name"], "schedule pod");
  EXPECT_EQ(spans[0]["kind"], 1);
  // Ten seconds before what both clocks show now.
  EXPECT_EQ(spans[0]["startTimeUnixNano"], "990000000000");
  EXPECT_EQ(spans[0]["endTimeUnixNano"], "992000000000");
  EXPECT_EQ(spans[0]["traceId"].get<std::string>().size(), 32U);
  EXPECT_EQ(spans[0]["spanId"].get<std::string>().size(), 16U);
  EXPECT_FALSE(spans[0].contains("parentSpanId"));
  EXPECT_FALSE(spans[0].contains("status"));
  EXPECT_EQ(spans[1]["name"], "Filter");
  EXPECT_EQ(spans[1]["parentSpanId"], spans[0]["spanId"]);
  EXPECT_EQ(spans[1]["traceId"], spans[0]["traceId"]);
  EXPECT_NE(spans[2]["traceId"], spans[0]["traceId"]);
  EXPECT_EQ(spans[2]["attributes"][0]["value"]["stringValue"], "b\"\n");
  EXPECT_EQ(spans[2]["status"]["code"], 2);
  EXPECT_EQ(spans[2]["status"]["message"], "no");
}

class OtlpExporterTest : public ::testing::Test {
 protected:
  void open(OtlpOptions options = {}) {
    options.interval = 10ms;
    auto opened = OtlpExporter::open(collector_.url() + "/x", options, clock_, 1, registry_);
    ASSERT_TRUE(opened) << opened.error().message();
    exporter_ = std::move(*opened);
  }
  bool waitForMetric(const std::string& line) {
    const auto deadline = clock_.now() + 10s;
    while (clock_.now() < deadline) {
      if (registry_.render().find("\n" + line + "\n") != std::string::npos) return true;
      std::this_thread::yield();
    }
    return false;
  }

  base::SystemClock clock_;
  serving::MetricsRegistry registry_;
  ScriptedServer collector_;
  std::unique_ptr<OtlpExporter> exporter_;
};

TEST_F(OtlpExporterTest, SendsTracesToTheCollector) {
  collector_.onRequest(answerJson(200, "{}"));
  open();
  exporter_->start();
  exporter_->record(traceOf("a"));
  ASSERT_TRUE(waitForMetric("stowage_traces_exported_total 1"));
  const auto requests = collector_.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/x/v1/traces");
  EXPECT_EQ(requests[0].header("content-type"), "application/json");
  EXPECT_THAT(requests[0].body, HasSubstr("k8s.pod.name"));
}

TEST_F(OtlpExporterTest, WhatIsNotTakenIsDroppedAndCounted) {
  collector_.enqueue(answerJson(503, "{}"));
  collector_.onRequest(answerJson(200, "{}"));
  open();
  exporter_->start();
  exporter_->record(traceOf("a"));
  ASSERT_TRUE(waitForMetric("stowage_traces_dropped_total{reason=\"collector\"} 1"));
  exporter_->record(traceOf("b"));
  ASSERT_TRUE(waitForMetric("stowage_traces_exported_total 1"));
}

TEST_F(OtlpExporterTest, NobodyWaitsWhenTheQueueIsFull) {
  OtlpOptions options;
  options.queue = 2;
  open(options);
  for (int i = 0; i < 5; ++i) exporter_->record(traceOf("a"));  // not started: nobody takes
  EXPECT_TRUE(waitForMetric("stowage_traces_dropped_total{reason=\"queue\"} 3"));
}

TEST_F(OtlpExporterTest, StopSendsWhatIsThereButDoesNotWaitForASilentCollector) {
  collector_.enqueue(answerJson(200, "{}"));
  collector_.onRequest(stall());
  open();
  exporter_->record(traceOf("a"));
  exporter_->start();
  exporter_->stop(10s);
  EXPECT_TRUE(waitForMetric("stowage_traces_exported_total 1"));
  exporter_->record(traceOf("b"));
  exporter_->start();
  const auto before = clock_.now();
  exporter_->stop(50ms);
  EXPECT_LT(clock_.now() - before, 4s);
  EXPECT_TRUE(waitForMetric("stowage_traces_dropped_total{reason=\"collector\"} 1"));
}

TEST_F(OtlpExporterTest, WantsTheShareThatItIsToldTo) {
  OtlpOptions options;
  options.per_million = 250'000;
  open(options);
  int wanted = 0;
  for (int i = 0; i < 10'000; ++i) wanted += exporter_->wants() ? 1 : 0;
  EXPECT_NEAR(wanted, 2500, 200);
  options.per_million = 0;
  open(options);
  EXPECT_FALSE(exporter_->wants());
}

TEST_F(OtlpExporterTest, AnEndpointThatIsNoneIsRefused) {
  EXPECT_FALSE(OtlpExporter::open("ftp://x", {}, clock_, 1, registry_));
  EXPECT_FALSE(OtlpExporter::open("http://", {}, clock_, 1, registry_));
}

}  // namespace
}  // namespace stowage::testing
