// JSON escaping, UTF-8 cutting and the two time formats of the API.
#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace stowage::base {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(JsonString, EscapesWhatJsonAndLogsCannotCarry) {
  struct Row {
    std::string text;
    std::string json;
  };
  for (const Row& row : {
           Row{"", R"("")"},
           Row{"plain", R"("plain")"},
           Row{"a\"b\\c", R"("a\"b\\c")"},
           Row{"line\nnext\ttab\rcr", R"("line\nnext\ttab\u000dcr")"},
           Row{std::string("\0\x1f\x7f", 3), R"("\u0000\u001f\u007f")"},
           Row{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
           Row{"\xff", R"("\ufffd")"},
           Row{"a\xc3", R"("a\ufffd")"},
           Row{"\xc0\x80", R"("\ufffd\ufffd")"},
           Row{"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},
           Row{"\xf4\x90\x80\x80", R"("\ufffd\ufffd\ufffd\ufffd")"},
           Row{"\xe0\x9f\xbf", R"("\ufffd\ufffd\ufffd")"},
           Row{"</script>", R"("</script>")"},
       }) {
    EXPECT_EQ(jsonString(row.text), row.json);
  }
  std::string appended = "x:";
  appendJsonString(appended, "y");
  EXPECT_EQ(appended, R"(x:"y")");
}

TEST(JsonString, IsOneLineOfPrintableTextForAnyBytes) {
  EXPECT_TRUE(rc::check("no raw control character survives", [](const std::string& text) {
    for (const char c : jsonString(text)) {
      const auto byte = static_cast<unsigned char>(c);
      RC_ASSERT(byte >= 0x20 && byte != 0x7f);
    }
  }));
}

TEST(Utf8Prefix, NeverSplitsACharacter) {
  const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
  const std::size_t lengths[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t limit = 0; limit < std::size(lengths); ++limit) {
    EXPECT_EQ(utf8Prefix(text, limit).size(), lengths[limit]) << limit;
  }
}

TEST(Utf8Prefix, CutsBytesThatAreNoUtf8Too) {
  EXPECT_LE(utf8Prefix(std::string(10, '\x80'), 4).size(), 4U);
  EXPECT_EQ(utf8Prefix("\xff\xff\xff", 2).size(), 2U);
}

TEST(FormatTime, WholeSecondsAndExactlySixDigits) {
  const WallTime time(seconds(1795230245) + microseconds(7));
  EXPECT_EQ(formatTime(time), "2026-11-21T03:04:05Z");
  EXPECT_EQ(formatMicroTime(time), "2026-11-21T03:04:05.000007Z");
  EXPECT_EQ(formatMicroTime(WallTime(seconds(1795230245))), "2026-11-21T03:04:05.000000Z");
  EXPECT_EQ(formatMicroTime(WallTime(nanoseconds(1999))), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(formatTime(WallTime(milliseconds(-1))), "1969-12-31T23:59:59Z");
  EXPECT_EQ(formatMicroTime(WallTime(milliseconds(-1))), "1969-12-31T23:59:59.999000Z");
}

TEST(ParseTime, ReadsWhatTheApiAccepts) {
  struct Row {
    const char* text;
    WallTime::duration since_epoch;
  };
  for (const Row& row : {
           Row{"2026-11-21T03:04:05Z", seconds(1795230245)},
           Row{"2026-11-21T05:04:05+02:00", seconds(1795230245)},
           Row{"2026-11-20T21:34:05-05:30", seconds(1795230245)},
           Row{"2026-11-21T03:04:05.5Z", seconds(1795230245) + milliseconds(500)},
           Row{"2026-11-21T03:04:05.000007Z", seconds(1795230245) + microseconds(7)},
           Row{"2026-11-21T03:04:05.123456789Z", seconds(1795230245) + nanoseconds(123456789)},
           Row{"2026-11-21T03:04:05.1234567899Z", seconds(1795230245) + nanoseconds(123456789)},
           Row{"1970-01-01T00:00:00Z", seconds(0)},
           Row{"1969-12-31T23:59:59.999Z", milliseconds(-1)},
           Row{"2024-02-29T00:00:00Z", seconds(1709164800)},
       }) {
    const auto parsed = parseTime(row.text);
    ASSERT_TRUE(parsed.has_value()) << row.text;
    EXPECT_EQ(parsed->time_since_epoch(), row.since_epoch) << row.text;
  }
}

TEST(ParseTime, RefusesTheRest) {
  for (const char* text : {"",
                           "Z",
                           "2026-11-21",
                           "2026-11-21T03:04:05",
                           "2026-11-21 03:04:05Z",
                           "2026-11-21t03:04:05Z",
                           "2026-11-21T03:04:05z",
                           "2026-11-21T03:04:60Z",
                           "2026-11-21T24:00:00Z",
                           "2026-11-21T03:60:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-11-21T03:04:05.Z",
                           "2026-11-21T03:04:05,5Z",
                           "2026-11-21T03:04:05+0200",
                           "2026-11-21T03:04:05+24:00",
                           "2026-11-21T03:04:05+02:60",
                           "2026-11-21T03:04:05Zx",
                           "2026-11-21T03:04:05+02:00 ",
                           " 2026-11-21T03:04:05Z",
                           "-026-11-21T03:04:05Z",
                           "2026-1-21T03:04:05Z0",
                           "12026-11-21T03:04:05Z",
                           "2343-02-29T00:00:00Z"}) {
    EXPECT_FALSE(parseTime(text).has_value()) << text;
  }
}

// A deletion with a grace period of centuries is a legal thing to ask for; the pod must stay
// readable.
TEST(ParseTime, TimesBeyondTheClockStopAtItsEnds) {
  const auto first = parseTime("1678-01-01T00:00:00Z");
  const auto last = parseTime("2261-12-31T23:59:59Z");
  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(last.has_value());
  for (const char* text : {"2262-01-01T00:00:00Z", "2343-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
                           "2261-12-31T23:59:59.999999999-23:59"}) {
    EXPECT_EQ(parseTime(text), last) << text;
  }
  for (const char* text : {"0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1677-12-31T23:59:59Z",
                           "1678-01-01T00:00:00+23:59"}) {
    EXPECT_EQ(parseTime(text), first) << text;
  }
}

TEST(ParseTime, ReadsBackWhatFormatMicroTimeWrites) {
  EXPECT_TRUE(rc::check("micro times survive a round trip", [] {
    const auto micros =
        *rc::gen::inRange<std::int64_t>(-9'000'000'000'000'000, 9'000'000'000'000'000);
    const WallTime time{microseconds(micros)};
    const auto parsed = parseTime(formatMicroTime(time));
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(*parsed == time);
  }));
}

}  // namespace
}  // namespace stowage::base
