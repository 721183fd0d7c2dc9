#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace stowage::config {

namespace {
constexpr std::size_t kKept = 50;
constexpr std::size_t kQuotedBytes = 80;
}  // namespace

void Problems::add(Place place, std::string_view field, std::string_view what,
                   std::string_view advice) {
  ++count_;
  if (entries_.size() >= kKept) return;
  std::string text = filename_;
  if (place.line > 0) text += fmt::format(":{}:{}", place.line, place.column);
  if (!field.empty()) text += fmt::format(": {}", field);
  text += fmt::format(": {}", what);
  if (!advice.empty()) text += fmt::format("; {}", advice);
  entries_.push_back({place, std::move(text)});
}

base::Status Problems::status() const {
  if (count_ == 0) return {};
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries_) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) {
    return a->place.line != b->place.line ? a->place.line < b->place.line
                                          : a->place.column < b->place.column;
  });
  std::string text;
  for (const Entry* entry : sorted) {
    if (!text.empty()) text += '\n';
    text += entry->text;
  }
  if (count_ > entries_.size()) {
    text += fmt::format("\n{}: and {} more", filename_, count_ - entries_.size());
  }
  return {base::Code::kInvalidArgument, std::move(text)};
}

std::string quoted(std::string_view text) {
  const std::string_view shown = base::utf8Prefix(text, kQuotedBytes);
  std::string out = base::jsonString(shown);
  if (shown.size() < text.size()) out.insert(out.size() - 1, "...");
  return out;
}

}  // namespace stowage::config
