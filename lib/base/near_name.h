// Which known name somebody may have meant who typed another one. Pure; thread safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stowage::base {

// The known name that is fewest typos away from `name`; empty when none is near (four typos and
// more make another word). Names above 64 bytes are near to nothing.
std::string nearestName(std::string_view name, const std::vector<std::string>& known);

}  // namespace stowage::base
