// The HttpTransport over cpprestsdk: the default for everything that is not made once per pod.
// cpprest_transport.cc is the only file that sees cpprestsdk.
//
// What the library does and how it is tamed (docs/decisions tell more):
//  - its own threads never run our code beyond handing bytes over; callers wait on a condition;
//  - its timeout only sees silence, so total deadlines cancel the request;
//  - request bodies go through a stream that cannot be rewound, so that a pooled connection which
//    the server closed never makes the library send a write again;
//  - redirects are off; only the Endpoint's CA is trusted;
//  - IPv6 literals do not work in it: makeTransport() gives those to the other implementation.
#pragma once

#include <cstddef>
#include <memory>

#include "base/status.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::k8sclient {

struct TransportOptions {
  std::size_t max_body = std::size_t{256} << 20;  // bytes of one answer to send()
};

// First thing in main, before other threads start: sizes the library's thread pool (2 is best:
// more threads cost more CPU per call) and keeps it from reading the system's certificates for
// every connection. Sets SSL_CERT_FILE and SSL_CERT_DIR of this process. Later calls do nothing.
void initializeCpprest(int threads);

// A transport with its own connection pool for one endpoint. kInvalidArgument for broken PEM or
// addresses, kUnsupported for a proxy scheme or host form that the library cannot do.
base::Result<std::unique_ptr<HttpTransport>> makeCpprestTransport(
    const Endpoint& endpoint, const TransportOptions& options = {});

}  // namespace stowage::k8sclient
