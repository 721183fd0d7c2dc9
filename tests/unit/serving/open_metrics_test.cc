#include "serving/open_metrics.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <charconv>
#include <limits>
#include <string>
#include <vector>

#include "serving/metrics_registry.h"

namespace stowage::serving {
namespace {

TEST(OpenMetrics, EveryKindOfFamily) {
  MetricsRegistry registry;
  registry.counter("a_total", "Things \\ \"quoted\".", {{"kind", "x\"y"}}).add(2);
  registry.gauge("b", "Level.", {}).set(-1.5);
  auto& histogram = registry.histogram("c_seconds", "Time.", {{"k", "v"}}, {0.1, 1, 5e6});
  for (const double value : {0.05, 0.125, 7.0}) histogram.observe(value);
  EXPECT_EQ(registry.render(Exposition::kOpenMetrics),
            "# HELP a Things \\\\ \\\"quoted\\\".\n"
            "# TYPE a counter\n"
            "a_total{kind=\"x\\\"y\"} 2\n"
            "# HELP b Level.\n"
            "# TYPE b gauge\n"
            "b -1.5\n"
            "# HELP c_seconds Time.\n"
            "# TYPE c_seconds histogram\n"
            "c_seconds_bucket{k=\"v\",le=\"0.1\"} 1\n"
            "c_seconds_bucket{k=\"v\",le=\"1.0\"} 2\n"
            "c_seconds_bucket{k=\"v\",le=\"5e+06\"} 3\n"
            "c_seconds_bucket{k=\"v\",le=\"+Inf\"} 3\n"
            "c_seconds_count{k=\"v\"} 3\n"
            "c_seconds_sum{k=\"v\"} 7.175\n"
            "# EOF\n");
}

TEST(OpenMetrics, ACounterByAnotherNameIsUnknown) {
  MetricsRegistry registry;
  registry.counter("things", "Things.", {}).add(1);
  EXPECT_EQ(registry.render(Exposition::kOpenMetrics),
            "# HELP things Things.\n# TYPE things unknown\nthings 1\n# EOF\n");
}

TEST(OpenMetrics, AnEmptyRegistryHasAnEnd) {
  EXPECT_EQ(MetricsRegistry().render(Exposition::kOpenMetrics), "# EOF\n");
}

std::string rendered(double value) {
  prometheus::MetricFamily family{"g", "G.", prometheus::MetricType::Gauge, {}};
  family.metric.emplace_back().gauge.value = value;
  const std::string text = openMetricsText({family});
  const std::size_t begin = text.rfind("\ng ") + 3;
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::string bound(double value) {
  prometheus::MetricFamily family{"h", "H.", prometheus::MetricType::Histogram, {}};
  family.metric.emplace_back().histogram.bucket = {{0, value}};
  const std::string text = openMetricsText({family});
  const std::size_t begin = text.find("le=\"") + 4;
  return text.substr(begin, text.find('"', begin) - begin);
}

// As strconv.FormatFloat(value, 'g', -1, 64) of Go, which the specification names, with ".0" where
// there is neither point nor exponent.
TEST(OpenMetrics, BoundsOfBucketsAreCanonical) {
  const struct {
    double value;
    const char* text;
  } cases[] = {{0, "0.0"},
               {1, "1.0"},
               {0.005, "0.005"},
               {0.0001, "0.0001"},
               {1e-05, "1e-05"},
               {2.5e-07, "2.5e-07"},
               {64, "64.0"},
               {999999, "999999.0"},
               {1e6, "1e+06"},
               {16777216, "1.6777216e+07"},
               {1e100, "1e+100"},
               {-2, "-2.0"},
               {0.1 + 0.2, "0.30000000000000004"}};
  for (const auto& c : cases) EXPECT_EQ(bound(c.value), c.text);
}

TEST(OpenMetrics, ValuesThatAreWholeAreShort) {
  EXPECT_EQ(rendered(3), "3");
  EXPECT_EQ(rendered(-16777216), "-16777216");
  EXPECT_EQ(rendered(1e18), "1e+18");
  EXPECT_EQ(rendered(0.25), "0.25");
  EXPECT_EQ(rendered(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(rendered(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(rendered(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
}

RC_GTEST_PROP(OpenMetrics, NothingIsLostOfANumber, (double value)) {
  for (const std::string& text : {rendered(value), bound(value)}) {
    double read = 0;
    std::from_chars(text.data(), text.data() + text.size(), read);
    RC_ASSERT(read == value);
  }
}

}  // namespace
}  // namespace stowage::serving
