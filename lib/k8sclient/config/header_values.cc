#include "k8sclient/config/header_values.h"

#include <algorithm>
#include <cctype>

#include "k8sclient/config/base64.h"

namespace stowage::k8sclient {

bool isHeaderValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

std::string escapeHeaderKey(std::string_view key) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kLegal = "!#$&'*+-.^_`|~";  // RFC 7230 tchar without '%'
  std::string out;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && (std::isalnum(byte) != 0 || kLegal.find(c) != std::string_view::npos)) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 15U]);
    }
  }
  return out;
}

base::Status checkIdentity(const ClientConfig& config) {
  const Impersonation& as = config.impersonate;
  bool good = isHeaderValue(config.token) && isHeaderValue(as.user) && isHeaderValue(as.uid) &&
              std::all_of(as.groups.begin(), as.groups.end(), isHeaderValue);
  for (const auto& [key, values] : as.extra) {
    good = good && std::all_of(values.begin(), values.end(), isHeaderValue);
  }
  if (good) return {};
  return {base::Code::kInvalidArgument,
          config.origin + ": a token or impersonation value has control characters"};
}

base::Result<std::string> readTokenFile(const std::string& path) {
  base::Result<std::string> text = readFile(path, 1U << 20);
  if (!text) return base::fail(text.error().withPrefix("token"));
  const std::size_t from = text->find_first_not_of(" \t\r\n");
  if (from == std::string::npos) {
    return base::fail(base::Code::kInvalidArgument, "token: " + path + ": empty");
  }
  std::string token = text->substr(from, text->find_last_not_of(" \t\r\n") - from + 1);
  if (!isHeaderValue(token)) {
    return base::fail(base::Code::kInvalidArgument,
                      "token: " + path + ": contains control characters");
  }
  return token;
}

std::vector<Header> identityHeadersOf(const ClientConfig& config, const std::string& token) {
  std::vector<Header> headers;
  if (config.endpoint.scheme == "https") {
    if (!token.empty()) {
      headers.emplace_back("Authorization", "Bearer " + token);
    } else if (!config.username.empty() || !config.password.empty()) {
      headers.emplace_back("Authorization",
                           "Basic " + encodeBase64(config.username + ":" + config.password));
    }
  }
  const Impersonation& as = config.impersonate;
  if (as.user.empty()) return headers;
  headers.emplace_back("Impersonate-User", as.user);
  if (!as.uid.empty()) headers.emplace_back("Impersonate-Uid", as.uid);
  for (const std::string& group : as.groups) headers.emplace_back("Impersonate-Group", group);
  for (const auto& [key, values] : as.extra) {
    for (const std::string& value : values) {
      headers.emplace_back("Impersonate-Extra-" + escapeHeaderKey(key), value);
    }
  }
  return headers;
}

}  // namespace stowage::k8sclient
