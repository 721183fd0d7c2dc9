// What is read from objects as JSON in the simulated cluster. Private to it. Pure.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace stowage::testing {

using Json = nlohmann::json;

inline std::string textAt(const Json& object, const char* pointer) {
  const Json::json_pointer path(pointer);
  return object.contains(path) && object.at(path).is_string() ? object.at(path).get<std::string>()
                                                              : std::string();
}

inline bool isTerminatingObject(const Json& object) {
  return object.contains("/metadata/deletionTimestamp"_json_pointer);
}

inline bool readyCondition(const Json& pod) {
  if (!pod.contains("/status/conditions"_json_pointer)) return false;
  for (const Json& condition : pod["status"]["conditions"]) {
    if (condition["type"] == "Ready") return condition["status"] == "True";
  }
  return false;
}

inline bool selects(const Json& budget, const Json& pod) {
  const Json& wanted = budget["spec"]["selector"]["matchLabels"];
  const Json labels = pod["metadata"].value("labels", Json::object());
  return std::all_of(wanted.items().begin(), wanted.items().end(), [&](const auto& label) {
    return labels.contains(label.key()) && labels[label.key()] == label.value();
  });
}

// Of containers: what a node runs, or is to run.
inline Json imagesIn(const Json& containers) {
  Json images = Json::array();
  for (const Json& one : containers) images.push_back(one.value("image", ""));
  return images;
}
inline Json amountsIn(const Json& containers) {
  Json amounts = Json::array();
  for (const Json& one : containers) amounts.push_back(one.value("resources", Json::object()));
  return amounts;
}

}  // namespace stowage::testing
