// Server addresses of kubeconfigs. Pure functions.
#pragma once

#include <string_view>

#include "base/status.h"
#include "k8sclient/transport/http_transport.h"

namespace stowage::k8sclient {

// Fills scheme, host, port and path_prefix of `endpoint`. Without a scheme it is https when
// `tls_configured`, else http, as client-go's DefaultServerURL does. User info, queries and
// fragments are errors. IPv6 addresses are written with brackets and stored without.
base::Status parseServerUrl(std::string_view url, bool tls_configured, Endpoint& endpoint);

// "" when usable; kUnsupported names the schemes that are not offered (https, socks5).
base::Status checkProxyUrl(std::string_view url);

}  // namespace stowage::k8sclient
