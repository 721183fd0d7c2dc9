// HttpTransport: one HTTP exchange with the API server, and nothing about Kubernetes. Two
// implementations stand behind it (cpprest_transport, beast_transport) and pass one test list.
// Both calls block the calling thread, which must be one of ours; there are no callbacks into
// library threads. Thread safety: send() and stream() may be called from any number of threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace stowage::k8sclient {

enum class Method { kGet, kPost, kPut, kPatch, kDelete };
std::string_view methodName(Method method);

using Header = std::pair<std::string, std::string>;

struct HttpRequest {
  Method method = Method::kGet;
  std::string target;  // path and query, already encoded, below the server's path prefix
  std::vector<Header> headers;
  std::string content_type;  // set when there is a body
  std::string body;
};

// kInvalidArgument when target or headers could break out of their line. Both transports refuse
// such a request before anything is sent.
base::Status checkRequest(const HttpRequest& request);

struct HttpResponse {
  int status = 0;
  std::vector<Header> headers;  // names in lower case
  std::string body;

  // The first value of a header given in lower case, or nullptr.
  [[nodiscard]] const std::string* header(std::string_view lower_name) const;
};

// Where a failed exchange ended decides what a write may have done.
enum class Phase {
  kConnect,  // nothing was sent: always safe to try again
  kSent,     // the request may have reached the server: a write has an unknown outcome
  kBody,     // headers arrived, the body was cut
};

struct TransportError {
  base::Code code =
      base::Code::kUnavailable;  // kUnavailable, kTimeout, kCancelled, kResourceExhausted
  Phase phase = Phase::kConnect;
  std::string message;
};

template <typename T>
using TransportResult = tl::expected<T, TransportError>;

// How a stream ended after its headers were read.
struct StreamEnd {
  enum class Reason {
    kComplete,   // the server finished the body properly
    kTruncated,  // the connection was cut in the middle
    kIdle,       // no byte for the idle limit
    kCancelled,  // stop was requested, or the sink returned false
  };
  Reason reason = Reason::kComplete;
  std::string message;
};

struct StreamHandlers {
  // Called once with status and headers (no body). Returning false ends the exchange.
  std::function<bool(const HttpResponse&)> on_headers;
  // Called with each piece of body as it comes, in order, never concurrently. May block for a
  // while: that is the back-pressure. Returning false ends the stream with kCancelled.
  std::function<bool(std::string_view)> on_data;
};

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;

  // One request and its whole answer, any status. Bodies above `max_body` (default 256 MiB) are
  // kResourceExhausted. `timeout` is total, from the call to the last byte. A request body is
  // never sent twice by the transport itself.
  virtual TransportResult<HttpResponse> send(const HttpRequest& request, base::Duration timeout,
                                             const std::stop_token& stop) = 0;

  // A request whose answer arrives piece by piece (watch). `header_timeout` bounds the time to the
  // headers, `idle` the silence between pieces.
  virtual TransportResult<StreamEnd> stream(const HttpRequest& request,
                                            base::Duration header_timeout, base::Duration idle,
                                            const std::stop_token& stop,
                                            const StreamHandlers& handlers) = 0;
};

// Where and as whom to connect: everything a transport needs, already loaded into memory.
// One value is one credential generation; rotation makes a new transport from a new value.
struct Endpoint {
  std::string scheme = "https";  // "https" or "http"
  std::string host;              // name or address, IPv6 without brackets
  std::string port;              // decimal
  std::string path_prefix;       // "" or "/prefix", never ends with '/'
  std::string tls_server_name;   // SNI and verified name; empty: host
  bool insecure_skip_verify = false;
  std::string ca_pem;           // only these are trusted; empty: the system's
  std::string client_cert_pem;  // both or none
  std::string client_key_pem;
  std::string proxy_url;  // "" or http://host:port (CONNECT for https)
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace stowage::k8sclient
