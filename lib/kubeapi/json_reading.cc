#include "kubeapi/json_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace stowage::kubeapi {

namespace {

constexpr std::size_t kMaxShown = 64;  // of a tenant's text inside an error message

// Blanks as Go's strings.TrimSpace, ASCII part.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// A number as text. simdjson has already turned it into a double when it is no integer; the
// shortest form that gives the same double back is what was written, up to 15 digits.
std::string numberText(JsonElement element) {
  std::int64_t integer = 0;
  if (element.get(integer) == simdjson::SUCCESS) return std::to_string(integer);
  std::uint64_t natural = 0;
  if (element.get(natural) == simdjson::SUCCESS) return std::to_string(natural);
  double real = 0;
  if (element.get(real) == simdjson::SUCCESS) return fmt::format("{}", real);
  return {};
}

template <typename T>
void readOptional(JsonReading& reading, JsonElement element, std::optional<T>& out) {
  if (element.is_null()) return;
  readValue(reading, element, out.emplace());
}

}  // namespace

void JsonReading::fail(std::string_view problem) {
  if (!ok()) return;
  problem_ = problem;
  for (std::size_t i = 0; i < std::min(depth_, path_.size()); ++i) {
    if (path_[i].is_index) {
      place_ += fmt::format("[{}]", path_[i].index);
    } else {
      if (!place_.empty()) place_ += '.';
      place_ += base::utf8Prefix(path_[i].key, kMaxShown);
    }
  }
}

base::Status JsonReading::status() const {
  if (ok()) return {};
  return {base::Code::kInvalidArgument, place_.empty() ? problem_ : place_ + ": " + problem_};
}

std::optional<std::string_view> readText(JsonReading& reading, JsonElement element) {
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) {
    if (text.size() <= JsonReading::kMaxString) return text;
    reading.fail("string longer than 1 MiB");
  } else if (!element.is_null()) {
    reading.fail("expected a string");
  }
  return std::nullopt;
}

void readValue(JsonReading& reading, JsonElement element, bool& out) {
  if (element.is_null()) return;
  if (element.get(out) != simdjson::SUCCESS) reading.fail("expected true or false");
}

void readValue(JsonReading& reading, JsonElement element, std::int64_t& out) {
  if (element.is_null()) return;
  if (element.get(out) != simdjson::SUCCESS) reading.fail("expected an integer");
}

void readValue(JsonReading& reading, JsonElement element, std::int32_t& out) {
  std::int64_t wide = out;
  readValue(reading, element, wide);
  if (wide < std::numeric_limits<std::int32_t>::min() ||
      wide > std::numeric_limits<std::int32_t>::max()) {
    reading.fail("integer out of range");
    return;
  }
  out = static_cast<std::int32_t>(wide);
}

void readValue(JsonReading& reading, JsonElement element, std::string& out) {
  if (const auto text = readText(reading, element)) out = *text;
}

void readValue(JsonReading& reading, JsonElement element, base::Symbol& out) {
  if (const auto text = readText(reading, element)) out = base::Symbol(*text);
}

void readValue(JsonReading& reading, JsonElement element, std::optional<base::WallTime>& out) {
  const auto text = readText(reading, element);
  if (!text) return;
  out = base::parseTime(*text);
  if (!out) reading.fail("expected an RFC 3339 time");
}

void readValue(JsonReading& reading, JsonElement element, Quantity& out) {
  if (element.is_null()) return;
  const std::string number = element.is_number() ? numberText(element) : std::string();
  const auto text = element.is_number() ? std::string_view(number) : readText(reading, element);
  if (!text) return;
  auto quantity = Quantity::parse(trimmed(*text));
  if (!quantity) {
    reading.fail(fmt::format("{}: {}", quantity.error().message(),
                             base::jsonString(base::utf8Prefix(*text, kMaxShown))));
    return;
  }
  out = std::move(*quantity);
}

void readValue(JsonReading& reading, JsonElement element, std::optional<std::int32_t>& out) {
  readOptional(reading, element, out);
}

void readValue(JsonReading& reading, JsonElement element, std::optional<std::int64_t>& out) {
  readOptional(reading, element, out);
}

void readValue(JsonReading& reading, JsonElement element, std::vector<base::Symbol>& out) {
  readList(reading, element, out,
           [&](JsonElement value, base::Symbol& item) { readValue(reading, value, item); });
}

}  // namespace stowage::kubeapi
