#include "serving/content_negotiation.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace stowage::serving {

namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// The text up to a separator that is not within quotes; `rest` goes on behind it.
std::string_view take(std::string_view& rest, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != separator); ++end) {
    if (rest[end] == '"') quoted = !quoted;
    if (rest[end] == '\\' && quoted) ++end;
  }
  end = std::min(end, rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trimmed(part);
}

std::optional<double> weight(std::string_view text) {
  double q = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), q);
  if (error != std::errc() || at != text.data() + text.size() || !(q >= 0 && q <= 1)) {
    return std::nullopt;
  }
  return q;
}

// One member of either header: "text/plain;version=0.0.4;q=0.5".
struct Choice {
  std::string name;
  std::string version;
  double q = 1;  // 0: not wanted
};

Choice readChoice(std::string_view text) {
  Choice choice;
  choice.name = lower(take(text, ';'));
  while (!text.empty()) {
    std::string_view value = take(text, ';');
    const std::string key = lower(take(value, '='));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    if (key == "version") choice.version = std::string(value);
    if (key == "q") choice.q = weight(trimmed(value)).value_or(0);
  }
  return choice;
}

std::optional<Exposition> expositionOf(const Choice& choice) {
  if (choice.name == "application/openmetrics-text") {
    if (choice.version.empty() || choice.version == "1.0.0") return Exposition::kOpenMetrics;
    return std::nullopt;
  }
  const bool text = choice.name == "text/plain" || choice.name == "text/*" || choice.name == "*/*";
  if (text && (choice.version.empty() || choice.version == "0.0.4")) return Exposition::kText;
  return std::nullopt;
}

}  // namespace

Exposition chooseExposition(std::string_view accept) {
  Exposition best = Exposition::kText;  // also when nothing fits: better than no answer
  double best_q = 0;
  while (!accept.empty()) {
    const Choice choice = readChoice(take(accept, ','));
    const auto offered = expositionOf(choice);
    if (offered && choice.q > best_q) {
      best = *offered;
      best_q = choice.q;
    }
  }
  return best;
}

bool acceptsGzip(std::string_view accept_encoding) {
  bool any = false;
  while (!accept_encoding.empty()) {
    const Choice choice = readChoice(take(accept_encoding, ','));
    if (choice.name == "gzip" || choice.name == "x-gzip") return choice.q > 0;
    if (choice.name == "*") any = choice.q > 0;
  }
  return any;
}

}  // namespace stowage::serving
