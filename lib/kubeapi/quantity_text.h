// Canonical text of a quantity from its decimal digits; private to the quantity sources.
#pragma once

#include <cstdint>
#include <string>

#include "kubeapi/quantity.h"

namespace stowage::kubeapi {

// `digits` * 10^`exponent` with the exponent moved down to a multiple of three. `digits` may start
// with a minus. kDecimalSi falls back to exponent form where zeros would fill pages.
std::string canonicalQuantityText(std::string digits, std::int32_t exponent,
                                  Quantity::Format format);

}  // namespace stowage::kubeapi
