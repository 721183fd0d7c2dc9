// Which implementation of HttpTransport serves an endpoint. Tests pass factories of their own.
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::k8sclient {

using TransportFactory =
    std::function<base::Result<std::unique_ptr<HttpTransport>>(const Endpoint& endpoint)>;

struct TransportFactories {
  TransportFactory calls;  // everything that is not made once per pod
  TransportFactory fast;   // the low-cost lane
};
// cpprestsdk for calls (Beast when the server is an IPv6 address, which cpprestsdk cannot reach),
// Beast for the fast lane.
TransportFactories defaultTransports();

}  // namespace stowage::k8sclient
