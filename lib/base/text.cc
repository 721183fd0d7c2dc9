#include "base/text.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace stowage::base {

namespace {

// Length of the valid UTF-8 sequence at the start of `text`, or 0 when it is invalid.
std::size_t utf8SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  std::size_t length = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if (lead >= 0xe0 && lead <= 0xef) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and code points above U+10FFFF.
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

bool parseDigits(std::string_view text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  out = value;
  return true;
}

// Reads "Z" or "+hh:mm"; minutes east of UTC.
bool parseZone(std::string_view zone, int& minutes) {
  if (zone == "Z") {
    minutes = 0;
    return true;
  }
  int hour = 0;
  int minute = 0;
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return false;
  if (!parseDigits(zone, 1, 2, hour) || !parseDigits(zone, 4, 2, minute)) return false;
  if (hour > 23 || minute > 59) return false;
  minutes = (zone[0] == '-' ? -1 : 1) * (hour * 60 + minute);
  return true;
}

}  // namespace

void appendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(c));
      ++i;
    } else if (c < 0x20 || c == 0x7f) {
      out += c == '\n' ? "\\n" : c == '\t' ? "\\t" : fmt::format("\\u{:04x}", c);
      ++i;
    } else if (const std::size_t length = utf8SequenceLength(text.substr(i)); length > 0) {
      out.append(text.substr(i, length));
      i += length;
    } else {
      out += "\\ufffd";
      ++i;
    }
  }
  out.push_back('"');
}

std::string jsonString(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  appendJsonString(out, text);
  return out;
}

std::string_view utf8Prefix(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

namespace {

struct CivilTime {
  int year, hour, minute, second;
  unsigned month, day;
  std::int64_t micros;
};

CivilTime civil(WallTime time) {
  using namespace std::chrono;
  const auto micros_total = floor<microseconds>(time);
  const auto days_part = floor<days>(micros_total);
  const year_month_day date(days_part);
  const auto rest = micros_total - days_part;
  const auto seconds_part = floor<seconds>(rest);
  const auto total = seconds_part.count();
  return {static_cast<int>(date.year()),       static_cast<int>(total / 3600),
          static_cast<int>(total / 60 % 60),   static_cast<int>(total % 60),
          static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
          (rest - seconds_part).count()};
}

}  // namespace

std::string formatTime(WallTime time) {
  const CivilTime t = civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.year, t.month, t.day, t.hour,
                     t.minute, t.second);
}

std::string formatMicroTime(WallTime time) {
  const CivilTime t = civil(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", t.year, t.month, t.day, t.hour,
                     t.minute, t.second, t.micros);
}

std::optional<WallTime> parseTime(std::string_view text) {
  using namespace std::chrono;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, zone = 0;
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':') {
    return std::nullopt;
  }
  if (!parseDigits(text, 0, 4, y) || !parseDigits(text, 5, 2, mo) || !parseDigits(text, 8, 2, d) ||
      !parseDigits(text, 11, 2, h) || !parseDigits(text, 14, 2, mi) ||
      !parseDigits(text, 17, 2, s)) {
    return std::nullopt;
  }
  std::size_t at = 19;
  std::int64_t nanos = 0;
  if (text[at] == '.') {
    std::int64_t scale = 100'000'000;
    std::size_t digits = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
      nanos += (text[at] - '0') * scale;
      scale /= 10;
    }
    if (digits == 0) return std::nullopt;
  }
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)),
                            day(static_cast<unsigned>(d))};
  if (!date.ok() || h > 23 || mi > 59 || s > 59 || !parseZone(text.substr(at), zone))
    return std::nullopt;
  // system_clock counts nanoseconds in 64 bits: years 1678 to 2261 fit, the rest stops there.
  constexpr auto kFirst = sys_days(year(1678) / 1 / 1) + seconds(0);
  constexpr auto kLast = sys_days(year(2262) / 1 / 1) - seconds(1);
  const auto whole = sys_days(date) + hours(h) + minutes(mi) + seconds(s) - minutes(zone);
  if (whole < kFirst) return WallTime(kFirst);
  if (whole >= kLast) return WallTime(kLast);
  return WallTime(whole) + nanoseconds(nanos);
}

}  // namespace stowage::base
