// JSON values as renderers build and compare them. Private to lib/statefulgroup. Pure; nothing
// throws on what comes from outside.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "kubeapi/meta.h"

namespace stowage::statefulgroup {

// Members of objects are sorted by key.
using Json = nlohmann::json;

// nullopt: no JSON, or nested deeper than any API object (as the decoders have it: 64).
std::optional<Json> parseJson(std::string_view text);
// On one line, without spaces. Bytes that are no UTF-8 become U+FFFD.
std::string toText(const Json& value);

// The member of that name, or nullptr; also when `value` is no object.
const Json* memberOf(const Json& value, std::string_view name);
Json* memberOf(Json& value, std::string_view name);
// The text of that member, or "" when it is not there or no text.
std::string textOf(const Json& value, std::string_view name);

Json toJson(const kubeapi::Labels& labels);

}  // namespace stowage::statefulgroup
