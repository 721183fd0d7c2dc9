// Resolver: addresses of one host, within a deadline although getaddrinfo() knows none. The look-up
// runs on a thread that is left alone when it takes too long; there is at most one per Resolver.
// Thread safe.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "k8sclient/transport/polled_connection.h"

namespace stowage::k8sclient {

class Resolver {
 public:
  Resolver(std::string host, std::string port);
  // Addresses in the order to try. kUnavailable, kTimeout, kCancelled.
  base::Result<std::vector<SocketAddress>> resolve(base::SteadyTime deadline,
                                                   const std::stop_token& stop);

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace stowage::k8sclient
