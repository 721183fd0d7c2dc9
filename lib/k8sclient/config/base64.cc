#include "k8sclient/config/base64.h"

#include <cstdint>

namespace stowage::k8sclient {

namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string encodeBase64(std::string_view text) {
  std::string out;
  out.reserve((text.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> std::uint32_t {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const std::uint32_t bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    out.push_back(kDigits[bits >> 18U]);
    out.push_back(kDigits[(bits >> 12U) & 63U]);
    out.push_back(i + 1 < text.size() ? kDigits[(bits >> 6U) & 63U] : '=');
    out.push_back(i + 2 < text.size() ? kDigits[bits & 63U] : '=');
  }
  return out;
}

std::optional<std::string> decodeBase64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const std::size_t value = kDigits.find(c);
    if (value == std::string_view::npos || padding > 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    if (++digits % 4 == 0) {
      out.push_back(static_cast<char>((bits >> 16U) & 255U));
      out.push_back(static_cast<char>((bits >> 8U) & 255U));
      out.push_back(static_cast<char>(bits & 255U));
    }
  }
  const std::size_t rest = digits % 4;
  if (rest == 1 || padding > 2 || (digits + padding) % 4 != 0) return std::nullopt;
  if (rest == 2) out.push_back(static_cast<char>((bits >> 4U) & 255U));
  if (rest == 3) {
    out.push_back(static_cast<char>((bits >> 10U) & 255U));
    out.push_back(static_cast<char>((bits >> 2U) & 255U));
  }
  return out;
}

}  // namespace stowage::k8sclient
