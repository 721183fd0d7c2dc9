// Durations as Go writes them ("15s", "1m30s", "1.5h"): the form of metav1.Duration. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace stowage::config {

// As Go's time.ParseDuration: an optional sign, then numbers with a unit of ns, us, µs, ms, s, m,
// h; "0" needs no unit. nullopt when malformed or outside int64 nanoseconds.
std::optional<base::Duration> parseGoDuration(std::string_view text);

// As Go's Duration.String ("1m30s", "250ms", "0s").
std::string formatGoDuration(base::Duration duration);

}  // namespace stowage::config
