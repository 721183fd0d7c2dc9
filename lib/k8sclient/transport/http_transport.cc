#include "k8sclient/transport/http_transport.h"

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

const std::string* HttpResponse::header(std::string_view lower_name) const {
  for (const Header& header : headers) {
    if (header.first == lower_name) return &header.second;
  }
  return nullptr;
}

}  // namespace stowage::k8sclient
