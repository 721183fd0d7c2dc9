// Standard base64 (RFC 4648 part 4) with padding. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stowage::k8sclient {

std::string encodeBase64(std::string_view text);
// Line breaks are skipped, as Go's decoder does; nullopt when malformed.
std::optional<std::string> decodeBase64(std::string_view text);

}  // namespace stowage::k8sclient
