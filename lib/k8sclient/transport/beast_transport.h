// The HttpTransport of the fast lane: calls that are made once or more per pod. Keep-alive
// connections in a pool, one per caller at a time; requests are written in one piece, answers are
// parsed by Boost.Beast's HTTP parser; everything runs on the caller's thread. Measured against
// cpprestsdk in bench/transport_bench.cc.
//
// A write whose bytes may have left is never sent again: when a pooled connection turns out dead
// before the first byte left, a fresh one is used; after that it is an error of Phase::kSent.
// A GET is tried once more when its pooled connection ends before any byte of the answer.
// TLS sessions are resumed within a transport, that is within one generation of credentials.
#pragma once

#include <memory>

#include "base/status.h"
#include "k8sclient/transport/cpprest_transport.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::k8sclient {

// kInvalidArgument for broken PEM, kUnsupported for proxies other than http://.
base::Result<std::unique_ptr<HttpTransport>> makeBeastTransport(
    const Endpoint& endpoint, const TransportOptions& options = {});

}  // namespace stowage::k8sclient
