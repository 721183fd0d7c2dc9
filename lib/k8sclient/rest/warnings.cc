#include "k8sclient/rest/warnings.h"

#include "base/log.h"
#include "base/text.h"

namespace stowage::k8sclient {

namespace {

constexpr std::size_t kMaxText = 1024;  // bytes of one text that are kept

void skipBlanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

std::string_view takeWord(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  skipBlanks(text);
  return word;
}

bool takeQuoted(std::string_view& text, std::string& out) {
  if (!text.starts_with('"')) return false;
  std::size_t at = 1;
  for (; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    out.push_back(text[at]);
  }
  if (at >= text.size()) return false;
  text.remove_prefix(at + 1);
  skipBlanks(text);
  return true;
}

}  // namespace

std::vector<std::string> parseWarnings(std::string_view header) {
  std::vector<std::string> texts;
  skipBlanks(header);
  while (!header.empty()) {
    const std::string_view code = takeWord(header);
    takeWord(header);  // agent
    std::string text;
    std::string date;
    if (!takeQuoted(header, text)) break;
    if (header.starts_with('"') && !takeQuoted(header, date)) break;
    if (code == "299") texts.emplace_back(base::utf8Prefix(text, kMaxText));
    if (!header.starts_with(',')) break;
    header.remove_prefix(1);
    skipBlanks(header);
  }
  return texts;
}

void WarningLog::record(std::string_view header) {
  for (std::string& text : parseWarnings(header)) {
    {
      std::lock_guard lock(mutex_);
      if (seen_.size() >= max_texts_ || !seen_.insert(text).second) continue;
    }
    base::log().warn("API server warns", {{"text", text}});
  }
}

std::size_t WarningLog::seen() const {
  std::lock_guard lock(mutex_);
  return seen_.size();
}

}  // namespace stowage::k8sclient
