// Text as a gzip member (RFC 1952). A pure function; any thread.
#pragma once

#include <string>
#include <string_view>

namespace stowage::serving {

// Fast rather than small: metrics shrink to a tenth at the lowest level, too. "" when zlib has no
// memory.
std::string gzipped(std::string_view text);

}  // namespace stowage::serving
