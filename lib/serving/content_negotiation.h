// What a client wants to be sent, by its Accept and Accept-Encoding headers (RFC 9110, 12.4
// and 12.5). Pure functions, linear in the header; what cannot be read counts as not said.
#pragma once

#include <string_view>

namespace stowage::serving {

// The forms that metrics are served in.
enum class Exposition { kText, kOpenMetrics };

// OpenMetrics 1.0 only for those who name it and want it more than the rest, as Prometheus does.
Exposition chooseExposition(std::string_view accept);

bool acceptsGzip(std::string_view accept_encoding);

}  // namespace stowage::serving
