// Events about storage objects, as the watches deliver them.
#pragma once

#include <memory>

#include "scheduling/volumes/storage_change.h"

namespace stowage::testing {

// The object comes or changes. Takes builders too: seen(makeClaim("c")).
template <typename T>
scheduling::StorageChange seenObject(const std::shared_ptr<const T>& object) {
  return scheduling::ObjectChange<T>{nullptr, object};
}
template <typename T>
scheduling::StorageChange goneObject(const std::shared_ptr<const T>& object) {
  return scheduling::ObjectChange<T>{object, nullptr};
}

template <typename Builder>
auto built(const Builder& builder) {
  if constexpr (requires { builder.build(); }) {
    return builder.build();
  } else {
    return builder;
  }
}

template <typename Given>
scheduling::StorageChange seen(const Given& given) {
  return seenObject(built(given));
}
template <typename Given>
scheduling::StorageChange gone(const Given& given) {
  return goneObject(built(given));
}

}  // namespace stowage::testing
