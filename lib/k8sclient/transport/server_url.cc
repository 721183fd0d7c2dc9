#include "k8sclient/transport/server_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

#include "k8sclient/transport/tls_identity.h"

namespace stowage::k8sclient {

namespace {

base::Status invalid(std::string_view what) {
  return {base::Code::kInvalidArgument, std::string(what)};
}

bool validPort(std::string_view port) {
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc{} && end == port.data() + port.size() && number > 0 && number < 65536;
}

bool validName(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
  });
}

// "host", "host:port", "[v6]" or "[v6]:port".
base::Status parseAuthority(std::string_view authority, Endpoint& endpoint) {
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return invalid("address lacks ']'");
    endpoint.host = authority.substr(1, close - 1);
    if (!isIpv6Address(endpoint.host)) return invalid("no valid IPv6 address in brackets");
    rest = authority.substr(close + 1);
  } else {
    const std::size_t colon = authority.find(':');
    endpoint.host = authority.substr(0, colon);
    if (!validName(endpoint.host)) return invalid("no valid host name or address");
    if (colon != std::string_view::npos) rest = authority.substr(colon);
  }
  endpoint.port = endpoint.scheme == "https" ? "443" : "80";
  if (rest.empty()) return {};
  if (!rest.starts_with(':') || !validPort(rest.substr(1))) return invalid("no valid port");
  endpoint.port = rest.substr(1);
  return {};
}

bool hasControlOrSpace(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7f;
  });
}

}  // namespace

base::Status parseServerUrl(std::string_view url, bool tls_configured, Endpoint& endpoint) {
  if (hasControlOrSpace(url)) return invalid("contains blanks or control characters");
  const std::size_t mark = url.find("://");
  endpoint.scheme = tls_configured ? "https" : "http";
  if (mark != std::string_view::npos) {
    endpoint.scheme = url.substr(0, mark);
    std::transform(endpoint.scheme.begin(), endpoint.scheme.end(), endpoint.scheme.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    url.remove_prefix(mark + 3);
  }
  if (endpoint.scheme != "https" && endpoint.scheme != "http") {
    return invalid("scheme must be https or http");
  }
  if (url.find_first_of("?#@") != std::string_view::npos) {
    return invalid("user info, query and fragment are not allowed");
  }
  const std::size_t slash = url.find('/');
  std::string_view path = slash == std::string_view::npos ? "" : url.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  endpoint.path_prefix = path;
  return parseAuthority(url.substr(0, slash), endpoint);
}

base::Status checkProxyUrl(std::string_view url) {
  if (url.empty()) return {};
  if (url.starts_with("https://") || url.starts_with("socks5://") ||
      url.starts_with("socks5h://")) {
    return {base::Code::kUnsupported,
            fmt::format("proxy-url: {} proxies are not supported, only http://",
                        url.substr(0, url.find(':')))};
  }
  Endpoint proxy;
  if (!url.starts_with("http://")) return invalid("proxy-url: must start with http://");
  const base::Status status = parseServerUrl(url, false, proxy);
  return status.ok() ? status : status.withPrefix("proxy-url");
}

}  // namespace stowage::k8sclient
