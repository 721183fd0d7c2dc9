#include "kubeapi/label_syntax.h"

#include <algorithm>

namespace stowage::kubeapi {

namespace {

constexpr std::size_t kMaxName = 63;
constexpr std::size_t kMaxSubdomain = 253;

bool isLowerAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool isAlnum(char c) { return isLowerAlnum(c) || (c >= 'A' && c <= 'Z'); }

bool isName(std::string_view text) {
  if (text.empty() || text.size() > kMaxName) return false;
  if (!isAlnum(text.front()) || !isAlnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return isAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

bool isDnsSubdomain(std::string_view text) {
  if (text.empty() || text.size() > kMaxSubdomain) return false;
  char previous = '.';
  for (const char c : text) {
    if (c == '.' || c == '-') {
      // A dot needs an alphanumeric before it, a dash must not open a part.
      if (previous == '.' || (c == '.' && previous == '-')) return false;
    } else if (!isLowerAlnum(c)) {
      return false;
    }
    previous = c;
  }
  return isLowerAlnum(previous);
}

bool isLabelKey(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return isName(text);
  return isDnsSubdomain(text.substr(0, slash)) && isName(text.substr(slash + 1));
}

bool isLabelValue(std::string_view text) { return text.empty() || isName(text); }

}  // namespace stowage::kubeapi
