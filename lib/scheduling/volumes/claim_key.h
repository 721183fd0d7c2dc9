// ClaimKey: names one PersistentVolumeClaim. Value type.
#pragma once

#include <cstddef>

#include "base/symbols.h"
#include "scheduling/hashing.h"

namespace stowage::scheduling {

using base::Symbol;

struct ClaimKey {
  Symbol ns;
  Symbol name;
  friend bool operator==(const ClaimKey&, const ClaimKey&) = default;
};

struct ClaimKeyHash {
  std::size_t operator()(const ClaimKey& key) const noexcept {
    HashBuilder hash;
    hash.add(key.ns);
    hash.add(key.name);
    return hash.value();
  }
};

}  // namespace stowage::scheduling
