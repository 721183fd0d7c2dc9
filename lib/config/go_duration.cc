#include "config/go_duration.h"

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace stowage::config {

namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;
// Both spellings of micro (U+00B5 and U+03BC), as in Go. Two-letter units before their prefixes.
constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"\xC2\xB5s", 1'000},
                                      {"\xCE\xBCs", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};
constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;

bool isDigit(char c) { return c >= '0' && c <= '9'; }

struct Number {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;  // of `scale`
  double scale = 1;
};

// Digits with an optional point; false when there is no digit or it does not fit.
bool takeNumber(std::string_view& text, Number& out) {
  bool any = false;
  while (!text.empty() && isDigit(text.front())) {
    const auto digit = static_cast<std::uint64_t>(text.front() - '0');
    if (out.whole > kLimit / 10) return false;
    out.whole = out.whole * 10 + digit;
    if (out.whole > kLimit) return false;
    any = true;
    text.remove_prefix(1);
  }
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    bool full = false;  // further digits are below a nanosecond and ignored, as in Go
    while (!text.empty() && isDigit(text.front())) {
      any = true;
      if (!full) {
        if (out.fraction > (kLimit - 1) / 10 - 1) {
          full = true;
        } else {
          out.fraction = out.fraction * 10 + static_cast<std::uint64_t>(text.front() - '0');
          out.scale *= 10;
        }
      }
      text.remove_prefix(1);
    }
  }
  return any;
}

std::uint64_t takeUnit(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] != '.' && !isDigit(text[length])) ++length;
  for (const auto& [name, nanoseconds] : kUnits) {
    if (text.substr(0, length) == name) {
      text.remove_prefix(length);
      return nanoseconds;
    }
  }
  return 0;
}

}  // namespace

std::optional<base::Duration> parseGoDuration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text == "0") return base::Duration::zero();
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  while (!text.empty()) {
    Number number;
    if (!takeNumber(text, number)) return std::nullopt;
    const std::uint64_t unit = takeUnit(text);
    if (unit == 0 || number.whole > kLimit / unit) return std::nullopt;
    std::uint64_t part = number.whole * unit;
    part += static_cast<std::uint64_t>(static_cast<double>(number.fraction) *
                                       (static_cast<double>(unit) / number.scale));
    if (part > kLimit || total + part > kLimit) return std::nullopt;
    total += part;
  }
  if (negative) {
    // 2^63 only exists below zero.
    return base::Duration(static_cast<std::int64_t>(std::uint64_t{0} - total));
  }
  if (total >= kLimit) return std::nullopt;
  return base::Duration(static_cast<std::int64_t>(total));
}

std::string formatGoDuration(base::Duration duration) {
  std::int64_t count = duration.count();
  if (count == 0) return "0s";
  std::string out = count < 0 ? "-" : "";
  std::uint64_t rest = count < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(count)
                                 : static_cast<std::uint64_t>(count);
  const auto decimal = [&out](std::uint64_t value, std::uint64_t unit, std::string_view name) {
    out += std::to_string(value / unit);
    if (std::uint64_t fraction = value % unit; fraction != 0) {
      out += '.';
      for (std::uint64_t digit = unit / 10; fraction != 0; digit /= 10) {
        out += static_cast<char>('0' + fraction / digit);
        fraction %= digit;
      }
    }
    out += name;
  };
  constexpr std::uint64_t kSecond = 1'000'000'000;
  if (rest < 1'000) {
    decimal(rest, 1, "ns");
  } else if (rest < 1'000'000) {
    decimal(rest, 1'000, "\xC2\xB5s");
  } else if (rest < kSecond) {
    decimal(rest, 1'000'000, "ms");
  } else {
    const std::uint64_t hours = rest / (3600 * kSecond);
    rest %= 3600 * kSecond;
    if (hours > 0) out += std::to_string(hours) + "h";
    if (hours > 0 || rest >= 60 * kSecond) out += std::to_string(rest / (60 * kSecond)) + "m";
    decimal(rest % (60 * kSecond), kSecond, "s");
  }
  return out;
}

}  // namespace stowage::config
