#include "kubeapi/json_scan.h"

#include <simdjson.h>

#include <algorithm>

#include "kubeapi/json_blocks.h"

namespace stowage::kubeapi {

namespace {

bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// How deep we are, and where the outermost bracket closes.
class DepthCounter {
 public:
  // True when the value ends in this block; end() is then the number of its bytes.
  bool endsIn(const JsonBlocks::Brackets& brackets) {
    const int closing = std::popcount(brackets.closing);
    if (closing < depth_) {
      depth_ += std::popcount(brackets.opening) - closing;
      return false;
    }
    for (std::uint64_t rest = brackets.opening | brackets.closing; rest != 0; rest &= rest - 1) {
      const int at = std::countr_zero(rest);
      const bool opens = ((brackets.opening >> at) & 1) != 0;
      depth_ += opens ? 1 : -1;
      if (depth_ == 0) {
        end_ = static_cast<std::size_t>(at) + 1;
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] std::size_t end() const { return end_; }

 private:
  std::int64_t depth_ = 0;
  std::size_t end_ = 0;
};

}  // namespace

JsonScan::JsonScan(std::string_view text) : text_(text) {
  skipBlanks();
  open();
}

JsonScan::JsonScan(std::string_view text, std::size_t at) : text_(text), at_(at), nested_(true) {
  open();
}

void JsonScan::open() {
  if (!at('{') && !at('[')) {
    fail();
    return;
  }
  object_ = at('{');
  ++at_;
}

JsonScan JsonScan::enter() const { return {text_, at_}; }

void JsonScan::leave(const JsonScan& inner) {
  at_ = inner.at_;
  pending_ = false;
  if (inner.failed_ || !inner.done_) fail();
}

void JsonScan::skipBlanks() {
  while (at_ < text_.size() && isBlank(text_[at_])) ++at_;
}

bool JsonScan::finish() {
  ++at_;
  done_ = true;
  if (nested_) return false;
  skipBlanks();
  if (at_ != text_.size()) failed_ = true;
  return false;
}

bool JsonScan::next() {
  if (pending_) value();
  if (failed_ || done_) return false;
  skipBlanks();
  const char close = object_ ? '}' : ']';
  if (at(close)) return finish();
  if (!first_) {
    if (!at(',')) return fail();
    ++at_;
    skipBlanks();
  }
  first_ = false;
  key_ = {};
  if (object_ && !readKey()) return fail();
  skipBlanks();
  pending_ = true;
  return true;
}

std::string_view JsonScan::value() {
  if (!pending_) return value_;
  pending_ = false;
  const std::size_t begin = at_;
  value_ = {};
  if (skipValue()) {
    value_ = text_.substr(begin, at_ - begin);
  } else {
    fail();
  }
  return value_;
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
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\\') {
      ++at_;
    } else if (text_[at_] == '"') {
      ++at_;
      return true;
    }
  }
  at_ = text_.size();
  return false;
}

bool JsonScan::skipValue() {
  if (at('"')) return skipString();
  if (at('{') || at('[')) return skipNested();
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']' &&
         !isBlank(text_[at_])) {
    ++at_;
  }
  return at_ > begin;
}

// From an opening bracket to behind the one that closes it.
bool JsonScan::skipNested() {
  JsonBlocks blocks;
  DepthCounter depth;
  for (; text_.size() - at_ >= JsonBlocks::kSize; at_ += JsonBlocks::kSize) {
    if (depth.endsIn(blocks.next(text_.data() + at_))) {
      at_ += depth.end();
      return true;
    }
  }
  std::array<char, JsonBlocks::kSize> rest;
  rest.fill(' ');
  std::copy(text_.begin() + static_cast<std::ptrdiff_t>(at_), text_.end(), rest.begin());
  const bool ends = depth.endsIn(blocks.next(rest.data()));
  at_ = ends ? at_ + depth.end() : text_.size();
  return ends;
}

std::optional<std::string> decodeJsonString(std::string_view value) {
  if (value.empty()) return std::nullopt;
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
