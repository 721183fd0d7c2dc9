#include "testing/statefulgroup/group_facts.h"

#include <algorithm>

namespace stowage::testing {

using Json = nlohmann::json;

std::vector<int> wantedIn(const Json& spec, const std::string& shard) {
  std::vector<int> wanted;
  if (std::stoi(shard) >= spec.value("shards", 1)) return wanted;
  const Json offline = spec.value("offlineReplicas", Json::array());
  for (int ordinal = spec.value("/ordinals/start"_json_pointer, 0);
       wanted.size() < spec["replicas"].get<std::size_t>(); ++ordinal) {
    const std::string suffix = "/" + std::to_string(ordinal);
    const bool out = std::any_of(offline.begin(), offline.end(), [&](const Json& entry) {
      return entry == shard + suffix || entry == "*" + suffix;
    });
    if (!out) wanted.push_back(ordinal);
  }
  return wanted;
}

bool isStopping(const Json& group) {
  return group["metadata"].contains("deletionTimestamp") ||
         group["spec"].value("runPolicy", "") == "Hibernated";
}

}  // namespace stowage::testing
