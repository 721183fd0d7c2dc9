// The headers that say who we are, and the checks that keep hostile values out of them.
// Pure functions, except readTokenFile.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "k8sclient/config/client_config.h"

namespace stowage::k8sclient {

// No control characters: nothing can start a header of its own.
bool isHeaderValue(std::string_view text);

// A header name's suffix as client-go's transport/round_trippers.go headerKeyEscape writes it:
// bytes that may not stand in a header name, and '%', become %XX.
std::string escapeHeaderKey(std::string_view key);

// Inline tokens, passwords and impersonation values that can be sent as headers.
base::Status checkIdentity(const ClientConfig& config);

// The trimmed content of a token file. An empty file is an error.
base::Result<std::string> readTokenFile(const std::string& path);

// Authorization (none over plain http, where anybody could read it) and Impersonate-*.
std::vector<Header> identityHeadersOf(const ClientConfig& config, const std::string& token);

}  // namespace stowage::k8sclient
