#include "config/go_duration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace stowage::config {
namespace {

using namespace std::chrono_literals;

struct DurationCase {
  const char* text;
  std::optional<base::Duration> want;
};

// Values as Go's time.ParseDuration gives them.
const DurationCase kCases[] = {
    {"0", 0ns},
    {"+0", 0ns},
    {"0s", 0ns},
    {"15s", 15s},
    {"1m30s", 90s},
    {"1.5h", 90min},
    {"-2s", -2s},
    {"250ms", 250ms},
    {"1us", 1us},
    {"1\xC2\xB5s", 1us},
    {"1\xCE\xBCs", 1us},
    {".5s", 500ms},
    {"1.s", 1s},
    {"0.3333333333333333333h", 20min},
    {"9223372036854775807ns", base::Duration(INT64_MAX)},
    {"-9223372036854775808ns", base::Duration(INT64_MIN)},
    {"9223372036854775808ns", std::nullopt},
    {"-9223372036854775809ns", std::nullopt},
    {"2562048h", std::nullopt},
    {"99999999999999999999h", std::nullopt},
    {"", std::nullopt},
    {"-", std::nullopt},
    {"1", std::nullopt},
    {"s", std::nullopt},
    {".s", std::nullopt},
    {"1d", std::nullopt},
    {"1 s", std::nullopt},
    {"1s ", std::nullopt},
    {"1e3s", std::nullopt},
    {"--1s", std::nullopt},
};

TEST(GoDuration, IsReadAsGoReadsIt) {
  for (const DurationCase& c : kCases) {
    const auto got = parseGoDuration(c.text);
    EXPECT_EQ(got.has_value(), c.want.has_value()) << c.text;
    if (got && c.want) {
      EXPECT_EQ(got->count(), c.want->count()) << c.text;
    }
  }
}

TEST(GoDuration, IsWrittenAsGoWritesIt) {
  const std::pair<base::Duration, const char*> cases[] = {
      {0ns, "0s"},
      {1ns, "1ns"},
      {1100ns, "1.1\xC2\xB5s"},
      {2200us, "2.2ms"},
      {3300ms, "3.3s"},
      {90s, "1m30s"},
      {3600s, "1h0m0s"},
      {3661500ms, "1h1m1.5s"},
      {-15s, "-15s"},
      {base::Duration(INT64_MIN), "-2562047h47m16.854775808s"}};
  for (const auto& [duration, want] : cases) EXPECT_EQ(formatGoDuration(duration), want);
}

RC_GTEST_PROP(GoDuration, WrittenAndReadBackIsTheSame, (std::int64_t count)) {
  const auto back = parseGoDuration(formatGoDuration(base::Duration(count)));
  RC_ASSERT(back.has_value());
  // Go's own parser goes through a double for the fraction; whole nanoseconds survive.
  RC_ASSERT(back->count() == count);
}

}  // namespace
}  // namespace stowage::config
