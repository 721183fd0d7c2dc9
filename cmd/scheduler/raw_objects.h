// Complete pods and nodes as JSON, read from the API server for extenders: what we keep of them in
// memory is only what decisions need. Blocks; any thread.
#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "base/symbols.h"
#include "k8sclient/rest/api_client.h"
#include "scheduling/ports.h"

namespace stowage::scheduler_cmd {

// kNotFound also when another pod has the name by now.
base::Result<std::string> rawPod(k8sclient::ApiClient& api, const scheduling::PodRef& pod,
                                 const std::stop_token& stop);
// The pods on a node, by uid.
base::Result<std::unordered_map<std::string, std::string>> rawPodsOn(k8sclient::ApiClient& api,
                                                                     const base::Symbol& node,
                                                                     const std::stop_token& stop);
// The named nodes in the given order; those that are gone are left out, there and in `names`.
base::Result<std::vector<std::string>> rawNodes(k8sclient::ApiClient& api,
                                                std::vector<base::Symbol>& names,
                                                const std::stop_token& stop);

}  // namespace stowage::scheduler_cmd
