#include "cmd/kubectl-stowage/view/table.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace stowage::kubectl {

namespace {

// Characters, not bytes: the first byte of each counts.
std::size_t widthOf(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

Table::Table(const std::vector<std::string>& head) {
  auto& row = rows_.emplace_back();
  for (const std::string& name : head) row.emplace_back(name, Tint::kHead);
}

std::string painted(std::string_view text, Tint tint, bool colours) {
  // Of ISO 6429: green, yellow, bold red, bold.
  constexpr std::array<std::string_view, 5> kCodes = {"", "\033[32m", "\033[33m", "\033[1;31m",
                                                      "\033[1m"};
  const std::string_view code = kCodes.at(static_cast<std::size_t>(tint));
  if (!colours || code.empty() || text.empty()) return std::string(text);
  return std::string(code) + std::string(text) + "\033[0m";
}

std::string Table::text(std::string_view indent, bool colours) const {
  constexpr std::size_t kWidest = 200;
  auto rows = rows_;
  std::vector<std::size_t> widths;
  for (auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i].text = oneLine(row[i].text, kWidest);
      if (row[i].text.empty() && i + 1 < row.size()) row[i].text = "-";
      widths[i] = std::max(widths[i], widthOf(row[i].text));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += painted(row[i].text, row[i].tint, colours);
      if (i + 1 < row.size()) line.append(widths[i] - widthOf(row[i].text) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

std::string oneLine(std::string_view text, std::size_t limit) {
  std::string out(base::utf8Prefix(text, limit));
  const bool cut = out.size() < text.size();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    if (byte < 0x20 || byte == 0x7F) out[i] = ' ';
    // U+0080 to U+009F, two bytes each: terminals obey them as well (U+009B is ESC [).
    if (byte == 0xC2 && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xA0)
      out.replace(i, 2, " ");
  }
  if (cut) out += "...";
  return out;
}

std::string roughly(base::Duration duration) {
  const auto seconds =
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count(), 0);
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (seconds < 2 * kMinute) return std::to_string(seconds) + "s";
  if (seconds < 2 * kHour) return std::to_string(seconds / kMinute) + "m";
  if (seconds < 2 * kDay) return std::to_string(seconds / kHour) + "h";
  return std::to_string(seconds / kDay) + "d";
}

}  // namespace stowage::kubectl
