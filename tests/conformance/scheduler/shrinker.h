// shrink: makes a case smaller while it still shows the same kind of difference: fewer pods, nodes,
// terms, labels. What it leaves is still what an API server could hold.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

namespace stowage::conformance {

// `differs`: whether the case still shows what is looked for.
nlohmann::json shrink(nlohmann::json question,
                      const std::function<bool(const nlohmann::json&)>& differs);

}  // namespace stowage::conformance
