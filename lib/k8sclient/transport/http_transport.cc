#include "k8sclient/transport/http_transport.h"

#include <algorithm>

namespace stowage::k8sclient {

std::string_view methodName(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
  }
  return "GET";
}

base::Status checkRequest(const HttpRequest& request) {
  const auto control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  };
  const auto blank = [&](char c) { return control(c) || c == ' '; };
  bool good = std::none_of(request.target.begin(), request.target.end(), blank) &&
              std::none_of(request.content_type.begin(), request.content_type.end(), control);
  for (const auto& [name, value] : request.headers) {
    good = good && !name.empty() && std::none_of(name.begin(), name.end(), blank) &&
           name.find(':') == std::string::npos && std::none_of(value.begin(), value.end(), control);
  }
  if (good) return {};
  return {base::Code::kInvalidArgument, "request has control characters in target or headers"};
}

const std::string* HttpResponse::header(std::string_view lower_name) const {
  for (const Header& header : headers) {
    if (header.first == lower_name) return &header.second;
  }
  return nullptr;
}

}  // namespace stowage::k8sclient
