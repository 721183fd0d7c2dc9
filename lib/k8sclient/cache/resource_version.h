// Order of resource versions, within one resource type of one cluster. Pure functions.
// Source: apimachinery resourceversion.CompareResourceVersion.
#pragma once

#include <compare>
#include <string_view>

namespace stowage::k8sclient {

// Only digits, no leading zero, not "0", not empty: anything else is opaque and has no order.
bool isOrderedVersion(std::string_view version);
// Longer is newer; of equal length, the text decides. Unordered when one of them is opaque.
std::partial_ordering compareVersions(std::string_view a, std::string_view b);

}  // namespace stowage::k8sclient
