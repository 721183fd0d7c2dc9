// Session: the connection to the API server as it is right now: transports of one credential
// generation and the headers that say who we are. A SessionSource hands them out and replaces them
// when files rotate or tokens expire; RestApiClient asks for one per request.
// Thread safety: a Session is immutable and shared; SessionSource from any thread.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::k8sclient {

struct Session {
  std::shared_ptr<HttpTransport> calls;
  std::shared_ptr<HttpTransport> fast;  // may be the same as `calls`
  std::string host;                     // "host:port", the label of metrics
  std::vector<Header> headers;          // Authorization and Impersonate-*; secret
  std::stop_token replaced;  // requested when connections of this generation are to be closed
};

class SessionSource {
 public:
  virtual ~SessionSource() = default;
  // The session to use for a request that starts now. May read files or run a credential plugin;
  // fails only when there is nothing usable at all.
  virtual base::Result<std::shared_ptr<const Session>> session(const std::stop_token& stop) = 0;
  // The server refused the credentials of a request that started at `started`: what is older is
  // fetched anew for the next request.
  virtual void unauthorized(base::SteadyTime started) = 0;
};

}  // namespace stowage::k8sclient
