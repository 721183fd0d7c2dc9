// Complete manifests from the short forms that scenarios are written in (cases/README.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace stowage::testing {

using Json = nlohmann::json;

constexpr const char* kScenarioScheduler = "stowage-scheduler";  // the name of both schedulers

Json nodeOf(const std::string& name, const Json& brief);
Json podOf(const std::string& ns, const std::string& name, const Json& brief);
// What a kubelet would have written into the status of a pod that is on a node; null for none.
Json podStatusOf(const Json& brief);
Json classOf(const std::string& name, const Json& brief);
Json volumeOf(const std::string& ns, const std::string& name, const Json& brief);
Json claimOf(const std::string& ns, const std::string& name, const Json& brief);

}  // namespace stowage::testing
