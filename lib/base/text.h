// Text: the few conversions that every layer needs: JSON string escaping and the two time formats
// of the Kubernetes API. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace stowage::base {

// Appends `text` as a JSON string with quotes. Control characters and invalid UTF-8 are escaped
// (invalid bytes become U+FFFD), so the result is always valid JSON on one line.
void appendJsonString(std::string& out, std::string_view text);
std::string jsonString(std::string_view text);

// Cuts at most `limit` bytes off the front of `text` without splitting a UTF-8 character.
std::string_view utf8Prefix(std::string_view text, std::size_t limit);

// metav1.Time on output: RFC 3339, UTC, whole seconds ("2026-11-21T03:04:05Z").
std::string formatTime(WallTime time);
// metav1.MicroTime: RFC 3339, UTC, exactly six fraction digits; the API server rejects any other.
std::string formatMicroTime(WallTime time);
// RFC 3339 with any number of fraction digits (cut to nanoseconds) and any zone offset; nullopt
// when malformed. Times before 1678 or after 2261 become the first or last second of that range: a
// deletion may carry a grace period of centuries. Leap second 60 is refused, as Go's time.Parse
// does.
std::optional<WallTime> parseTime(std::string_view text);

}  // namespace stowage::base
