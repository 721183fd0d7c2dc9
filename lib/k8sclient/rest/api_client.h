// ApiClient: the verbs of the Kubernetes API over an HttpTransport: paths, headers, credentials,
// deadlines, retries, errors. Bodies are JSON text; typed callers decode with kubeapi.
// Thread safety: all methods from any thread; each blocks its caller.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::k8sclient {

// A resource type of the API: {"", "v1", "pods"} or {"apps", "v1", "statefulsets"}.
struct ResourceType {
  std::string group;
  std::string version;
  std::string plural;
  friend bool operator==(const ResourceType&, const ResourceType&) = default;
};
// "/api/v1/namespaces/ns/pods/name/binding"; ns, name and subresource may be empty. Every segment
// is percent-encoded.
std::string resourcePath(const ResourceType& type, std::string_view ns, std::string_view name = {},
                         std::string_view subresource = {});

using Query = std::vector<std::pair<std::string, std::string>>;
std::string encodeQuery(const Query& query);  // "?a=b&c=d" or ""

enum class PatchType { kJson, kMerge, kStrategicMerge, kApply };

struct CallOptions {
  base::Duration timeout = std::chrono::seconds(30);
  // kFast: the low-cost lane for calls made once or more per pod; kDefault: everything else.
  enum class Lane { kDefault, kFast } lane = Lane::kDefault;
  Query query = {};
};
struct StreamOptions {
  base::Duration idle;  // silence that ends it
  // kFast: for a stream that says something once or more per pod.
  CallOptions::Lane lane = CallOptions::Lane::kDefault;
};

// What the server said, or why it could not be asked.
struct ApiError {
  base::Code code = base::Code::kInternal;
  int http_status = 0;  // 0: no answer
  std::string reason;   // Status.reason ("AlreadyExists", "Expired", ...)
  std::string message;
  std::int64_t retry_after_seconds = 0;
  std::vector<std::string> causes;
  // A write may have been carried out although we saw no answer: read before trying again.
  bool outcome_unknown = false;

  [[nodiscard]] base::Status toStatus() const;
};

template <typename T>
using ApiResult = tl::expected<T, ApiError>;

class ApiClient {
 public:
  virtual ~ApiClient() = default;
  // The body of a 2xx answer. GETs are retried on connection loss; any call is retried (at most ten
  // times, within its timeout) on 429 and 5xx that carry Retry-After; a write is never sent again
  // after a transport error.
  virtual ApiResult<std::string> call(Method method, const std::string& path, std::string_view body,
                                      std::string_view content_type, const CallOptions& options,
                                      const std::stop_token& stop) = 0;
  // A watch or other streamed GET: path with query. See HttpTransport::stream. An answer that is
  // not 2xx becomes an ApiError.
  virtual ApiResult<StreamEnd> stream(const std::string& path, const StreamOptions& options,
                                      const std::stop_token& stop,
                                      const std::function<bool(std::string_view)>& on_data) = 0;

  ApiResult<std::string> get(const std::string& path, const CallOptions& options,
                             const std::stop_token& stop) {
    return call(Method::kGet, path, {}, {}, options, stop);
  }
  ApiResult<std::string> create(const std::string& path, std::string_view json,
                                const CallOptions& options, const std::stop_token& stop) {
    return call(Method::kPost, path, json, "application/json", options, stop);
  }
  ApiResult<std::string> update(const std::string& path, std::string_view json,
                                const CallOptions& options, const std::stop_token& stop) {
    return call(Method::kPut, path, json, "application/json", options, stop);
  }
  ApiResult<std::string> patch(const std::string& path, PatchType type, std::string_view json,
                               const CallOptions& options, const std::stop_token& stop);
  // `delete_options_json` may be empty.
  ApiResult<std::string> remove(const std::string& path, std::string_view delete_options_json,
                                const CallOptions& options, const std::stop_token& stop) {
    return call(Method::kDelete, path, delete_options_json, "application/json", options, stop);
  }
};

}  // namespace stowage::k8sclient
