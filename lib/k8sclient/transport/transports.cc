#include "k8sclient/transport/transports.h"

#include "k8sclient/transport/cpprest_transport.h"
#include "k8sclient/transport/tls_identity.h"

namespace stowage::k8sclient {

TransportFactories defaultTransports() {
  TransportFactories factories;
  factories.calls = [](const Endpoint& endpoint) { return makeCpprestTransport(endpoint); };
  factories.fast = factories.calls;
  return factories;
}

}  // namespace stowage::k8sclient
