// The text form of label selectors, with the grammar of apimachinery labels/selector.go (v0.36.3):
// tokens first, then one pass over them. Iterative; linear but for sorting values.
#include <algorithm>
#include <charconv>

#include "kubeapi/label_syntax.h"
#include "kubeapi/selectors.h"

namespace stowage::kubeapi {

namespace {

constexpr std::size_t kMaxText = 256 * 1024;

enum class TokenKind { kEnd, kText, kSymbol };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;
  [[nodiscard]] bool is(std::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }
};

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool isSymbol(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }

std::vector<Token> tokenize(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size();) {
    if (isSpace(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    if (isSymbol(text[at])) {
      const std::string_view two = text.substr(at, 2);
      if (two == "==" || two == "!=") end = at + 2;
      tokens.push_back({TokenKind::kSymbol, text.substr(at, end - at)});
    } else {
      while (end < text.size() && !isSpace(text[end]) && !isSymbol(text[end])) ++end;
      tokens.push_back({TokenKind::kText, text.substr(at, end - at)});
    }
    at = end;
  }
  tokens.push_back({});
  return tokens;
}

class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : tokens_(tokenize(text)) {}

  base::Result<LabelSelector> parse() {
    LabelSelector selector;
    while (peek().kind != TokenKind::kEnd) {
      auto requirement = parseRequirement();
      if (!requirement) return base::fail(requirement.error());
      selector.requirements.push_back(std::move(*requirement));
      if (peek().kind == TokenKind::kEnd) break;
      if (!take().is(",")) return error("expected ',' or the end");
      if (peek().kind == TokenKind::kEnd) return error("expected a requirement after ','");
    }
    std::stable_sort(selector.requirements.begin(), selector.requirements.end(),
                     [](const auto& a, const auto& b) { return a.key < b.key; });
    return selector;
  }

 private:
  [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
  const Token& take() {
    const Token& token = tokens_[at_];
    if (token.kind != TokenKind::kEnd) ++at_;
    return token;
  }
  static tl::unexpected<base::Status> error(std::string_view what) {
    return base::fail(base::Code::kInvalidArgument, "label selector: " + std::string(what));
  }

  base::Result<SelectorRequirement> parseRequirement() {
    SelectorRequirement requirement;
    const bool negated = peek().is("!");
    if (negated) take();
    const Token& key = take();
    if (key.kind != TokenKind::kText) return error("expected a label key");
    if (!isLabelKey(key.text)) return error("invalid label key");
    requirement.key = Symbol(key.text);
    if (negated) {
      requirement.op = SelectorOperator::kDoesNotExist;
      return requirement;
    }
    if (peek().kind == TokenKind::kEnd || peek().is(",")) {
      requirement.op = SelectorOperator::kExists;
      return requirement;
    }
    return parseOperatorAndValues(std::move(requirement));
  }

  base::Result<SelectorRequirement> parseOperatorAndValues(SelectorRequirement requirement) {
    const Token op = take();
    std::vector<std::string_view> values;
    bool parsed = false;
    if (op.kind == TokenKind::kText && (op.text == "in" || op.text == "notin")) {
      requirement.op = op.text == "in" ? SelectorOperator::kIn : SelectorOperator::kNotIn;
      parsed = parseValueSet(values);
    } else if (op.is("=") || op.is("==") || op.is("!=") || op.is(">") || op.is("<")) {
      requirement.op = op.is("!=")  ? SelectorOperator::kNotIn
                       : op.is(">") ? SelectorOperator::kGt
                       : op.is("<") ? SelectorOperator::kLt
                                    : SelectorOperator::kIn;
      parsed = parseOneValue(values);
    } else {
      return error("expected an operator");
    }
    if (!parsed) return error("malformed values");
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    for (const std::string_view value : values) {
      if (!isLabelValue(value)) return error("invalid label value");
      if (isComparison(requirement.op) && !isInteger(value)) return error("expected an integer");
      requirement.values.emplace_back(value);
    }
    return requirement;
  }

  static bool isComparison(SelectorOperator op) {
    return op == SelectorOperator::kGt || op == SelectorOperator::kLt;
  }
  // A label value cannot start with a sign, so digits are all that can be left.
  static bool isInteger(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
  }

  // "a", or nothing at all before a comma or the end: the empty value.
  bool parseOneValue(std::vector<std::string_view>& values) {
    if (peek().kind == TokenKind::kEnd || peek().is(",")) {
      values.emplace_back("");
      return true;
    }
    const Token& value = take();
    values.push_back(value.text);
    return value.kind == TokenKind::kText;
  }

  // "(a,b)"; an empty place between commas or parentheses is the empty value.
  bool parseValueSet(std::vector<std::string_view>& values) {
    if (!take().is("(")) return false;
    while (true) {
      if (peek().kind == TokenKind::kText) {
        values.push_back(take().text);
      } else {
        values.emplace_back("");
      }
      const Token& next = take();
      if (next.is(")")) return true;
      if (!next.is(",")) return false;
    }
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

}  // namespace

base::Result<LabelSelector> parseLabelSelector(std::string_view text) {
  if (text.size() > kMaxText) {
    return base::fail(base::Code::kInvalidArgument, "label selector: too long");
  }
  return SelectorParser(text).parse();
}

}  // namespace stowage::kubeapi
