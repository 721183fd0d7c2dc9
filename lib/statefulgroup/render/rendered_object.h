// RenderedObject: an object as it shall be, by its name.
#pragma once

#include <string>

namespace stowage::statefulgroup {

struct RenderedObject {
  std::string name;
  std::string json;
  friend bool operator==(const RenderedObject&, const RenderedObject&) = default;
};

}  // namespace stowage::statefulgroup
