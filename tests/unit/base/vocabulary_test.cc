// The small words of lib/base: status, random numbers, log lines, buckets.
#include <gtest/gtest.h>

#include <set>

#include "base/log.h"
#include "base/metric_sink.h"
#include "base/rng.h"
#include "base/status.h"
#include "base/version.h"

namespace stowage::base {
namespace {

TEST(Status, SaysItsCodeAndMessage) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status().toString(), "OK");
  const Status status(Code::kNotFound, "pod default/a");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.toString(), "NotFound: pod default/a");
  EXPECT_EQ(status.withPrefix("get").toString(), "NotFound: get: pod default/a");
}

TEST(Status, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code) {
    names.insert(codeName(static_cast<Code>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Code::kInternal) + 1);
  EXPECT_EQ(names.count(""), 0U);
}

TEST(Rng, TheSameSeedGivesTheSameNumbers) {
  Rng a(7);
  Rng b(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(Rng(1).next(), Rng(2).next());
  // First output of splitmix64 for seed 0, as published with the algorithm.
  EXPECT_EQ(Rng(0).next(), 0xe220a8397b1dcdafULL);
}

TEST(Rng, StaysBelowItsBoundAndSpreads) {
  Rng rng(1);
  EXPECT_EQ(rng.below(0), 0U);
  EXPECT_EQ(rng.below(1), 0U);
  int counts[10] = {};
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t value = rng.below(10);
    ASSERT_LT(value, 10U);
    ++counts[value];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 200);
  for (int i = 0; i < 1000; ++i) {
    const double value = rng.uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
  }
}

TEST(LogLines, ValuesCannotForgeASecondLineOrField) {
  const std::string evil = "x\" level=error\nfake\x1b[31m";
  const std::string text = renderLogText("message", {{"pod", evil}, {"count", 3}, {"ok", true}});
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
  const std::string json = renderLogJson(LogLevel::kInfo, "t", "message", {{"pod", evil}});
  EXPECT_EQ(json.find('\n'), std::string::npos) << json;
  EXPECT_NE(json.find(R"(\" level=error\n)"), std::string::npos) << json;
}

TEST(LogLines, NumbersAndBooleansStayUnquotedInJson) {
  const std::string json =
      renderLogJson(LogLevel::kWarn, "t", "m", {{"count", 3}, {"ok", false}, {"name", "n"}});
  EXPECT_NE(json.find(R"("count":3)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("ok":false)"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("name":"n")"), std::string::npos) << json;
}

TEST(MetricSink, ExponentialBucketsAndTheSinkThatCountsNothing) {
  EXPECT_EQ(exponentialBuckets(1, 2, 4), (std::vector<double>{1, 2, 4, 8}));
  Counter& counter = nullMetricSink().counter("a", "help", {{"k", "v"}});
  counter.increment();
  nullMetricSink().gauge("b", "help", {}).set(1);
  nullMetricSink().histogram("c", "help", {}, {1}).observe(1);
}

TEST(Version, NamesProgramVersionAndCommit) {
  const std::string line = versionLine("stowage-scheduler");
  EXPECT_EQ(line.find("stowage-scheduler "), 0U) << line;
  EXPECT_NE(line.find(version()), std::string::npos) << line;
  EXPECT_NE(line.find(commit()), std::string::npos) << line;
}

}  // namespace
}  // namespace stowage::base
