// Listener: a listening TCP socket. Pure set-up, no thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "serving/unique_fd.h"

namespace stowage::serving {

// What a program calls its flags, for messages.
struct ListenFlags {
  const char* address = "--bind-address";
  const char* port = "--secure-port";
};

// Listens on a numeric address ("0.0.0.0", "::", "127.0.0.1"); port 0 takes a free one. The socket
// does not block. Errors are one line that names the address, the flags and what to do.
base::Result<UniqueFd> listenOn(const std::string& address, std::uint16_t port,
                                const ListenFlags& flags = {});

// The port that a listening socket got; 0 when it cannot be told.
std::uint16_t boundPort(const UniqueFd& listener);

}  // namespace stowage::serving
