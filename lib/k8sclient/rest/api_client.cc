#include "k8sclient/rest/api_client.h"

#include <fmt/format.h>

namespace stowage::k8sclient {

namespace {

bool isUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

void appendEncoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    if (isUnreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kHex[byte >> 4U]);
      out.push_back(kHex[byte & 15U]);
    }
  }
}

void appendSegment(std::string& out, std::string_view segment) {
  out.push_back('/');
  // "." and ".." would be taken as folders by whoever normalises the path.
  if (segment == "." || segment == "..") {
    for (std::size_t i = 0; i < segment.size(); ++i) out += "%2E";
  } else {
    appendEncoded(out, segment);
  }
}

}  // namespace

std::string resourcePath(const ResourceType& type, std::string_view ns, std::string_view name,
                         std::string_view subresource) {
  std::string path = type.group.empty() ? "/api" : "/apis";
  if (!type.group.empty()) appendSegment(path, type.group);
  appendSegment(path, type.version);
  if (!ns.empty()) {
    path += "/namespaces";
    appendSegment(path, ns);
  }
  appendSegment(path, type.plural);
  if (!name.empty()) appendSegment(path, name);
  if (!subresource.empty()) appendSegment(path, subresource);
  return path;
}

std::string encodeQuery(const Query& query) {
  std::string out;
  for (const auto& [key, value] : query) {
    out.push_back(out.empty() ? '?' : '&');
    appendEncoded(out, key);
    out.push_back('=');
    appendEncoded(out, value);
  }
  return out;
}

base::Status ApiError::toStatus() const {
  std::string text = message;
  if (http_status != 0) {
    text += fmt::format(" (HTTP {}{}{})", http_status, reason.empty() ? "" : " ", reason);
  }
  return {code, std::move(text)};
}

ApiResult<std::string> ApiClient::patch(const std::string& path, PatchType type,
                                        std::string_view json, const CallOptions& options,
                                        const std::stop_token& stop) {
  std::string_view content_type = "application/json-patch+json";
  switch (type) {
    case PatchType::kJson:
      break;
    case PatchType::kMerge:
      content_type = "application/merge-patch+json";
      break;
    case PatchType::kStrategicMerge:
      content_type = "application/strategic-merge-patch+json";
      break;
    case PatchType::kApply:
      content_type = "application/apply-patch+yaml";
      break;
  }
  return call(Method::kPatch, path, json, content_type, options, stop);
}

}  // namespace stowage::k8sclient
