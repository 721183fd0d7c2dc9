// How GoogleTest shows values of the libraries when an expectation fails.
#pragma once

#include <ostream>

#include "base/symbols.h"
#include "kubeapi/quantity.h"

namespace stowage::base {
inline void PrintTo(const Symbol& symbol, std::ostream* out) {
  *out << '"' << symbol.view() << '"';
}
}  // namespace stowage::base

namespace stowage::kubeapi {
inline void PrintTo(const Quantity& quantity, std::ostream* out) { *out << quantity.toString(); }
}  // namespace stowage::kubeapi
