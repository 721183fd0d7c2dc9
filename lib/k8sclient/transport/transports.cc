#include "k8sclient/transport/transports.h"

#include "k8sclient/transport/beast_transport.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "k8sclient/transport/tls_identity.h"

namespace stowage::k8sclient {

TransportFactories defaultTransports() {
  TransportFactories factories;
  factories.calls = [](const Endpoint& endpoint) {
    return isIpv6Address(endpoint.host) ? makeBeastTransport(endpoint)
                                        : makeCpprestTransport(endpoint);
  };
  factories.fast = [](const Endpoint& endpoint) { return makeBeastTransport(endpoint); };
  return factories;
}

}  // namespace stowage::k8sclient
