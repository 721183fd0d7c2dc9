#include "kubeapi/json_scan.h"

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace stowage::kubeapi {

namespace {

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Characters that matter outside strings while borders are looked for.
constexpr std::array<std::uint8_t, 256> makeStructural() {
  std::array<std::uint8_t, 256> table{};
  for (const char c : {'"', '{', '}', '[', ']'}) table[static_cast<unsigned char>(c)] = 1;
  return table;
}
constexpr auto kStructural = makeStructural();

}  // namespace

JsonScan::JsonScan(std::string_view text) : text_(text) {
  skipBlanks();
  if (!at('{') && !at('[')) {
    fail();
    return;
  }
  object_ = at('{');
  ++at_;
}

void JsonScan::skipBlanks() {
  while (at_ < text_.size() && isBlank(text_[at_])) ++at_;
}

bool JsonScan::finish() {
  ++at_;
  skipBlanks();
  done_ = true;
  if (at_ != text_.size()) failed_ = true;
  return false;
}

bool JsonScan::next() {
  if (failed_ || done_) return false;
  skipBlanks();
  const char close = object_ ? '}' : ']';
  if (at(close) && first_) return finish();
  if (!first_) {
    if (at(close)) return finish();
    if (!at(',')) return fail();
    ++at_;
    skipBlanks();
  }
  first_ = false;
  key_ = {};
  if (object_ && !readKey()) return fail();
  skipBlanks();
  const std::size_t begin = at_;
  if (!skipValue()) return fail();
  value_ = text_.substr(begin, at_ - begin);
  return true;
}

bool JsonScan::readKey() {
  const std::size_t begin = at_;
  if (!at('"') || !skipString()) return false;
  key_ = text_.substr(begin + 1, at_ - begin - 2);
  if (key_.find('\\') != std::string_view::npos) {
    auto decoded = decodeJsonString(text_.substr(begin, at_ - begin));
    if (!decoded) return false;
    decoded_key_ = std::move(*decoded);
    key_ = decoded_key_;
  }
  skipBlanks();
  if (!at(':')) return false;
  ++at_;
  return true;
}

// From the opening quote to behind the closing one.
bool JsonScan::skipString() {
  ++at_;
  while (at_ < text_.size()) {
    const void* quote = std::memchr(text_.data() + at_, '"', text_.size() - at_);
    if (quote == nullptr) break;
    const std::size_t found =
        static_cast<std::size_t>(static_cast<const char*>(quote) - text_.data());
    // The quote is escaped when an odd number of backslashes stands before it. The run cannot reach
    // back beyond at_, since whatever is before was judged already.
    std::size_t slashes = 0;
    while (found - slashes > at_ && text_[found - slashes - 1] == '\\') ++slashes;
    at_ = found + 1;
    if (slashes % 2 == 0) return true;
  }
  at_ = text_.size();
  return false;
}

bool JsonScan::skipValue() {
  if (at('"')) return skipString();
  if (!at('{') && !at('[')) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' &&
           !isBlank(text_[at_])) {
      ++at_;
    }
    return at_ > begin;
  }
  std::size_t depth = 0;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (kStructural[static_cast<unsigned char>(c)] == 0) {
      ++at_;
      continue;
    }
    if (c == '"') {
      if (!skipString()) return false;
      continue;
    }
    ++at_;
    if (c == '{' || c == '[') {
      ++depth;
    } else if (--depth == 0) {
      return true;
    }
  }
  return false;
}

std::optional<std::string> decodeJsonString(std::string_view value) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  std::string_view text;
  if (parser.parse(value.data(), value.size()).get(element) != simdjson::SUCCESS ||
      element.get(text) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return std::string(text);
}

}  // namespace stowage::kubeapi
