// unsupportedFeature: what a pod uses that this version cannot honour. Such a pod is refused by
// name and never placed by ignoring it. Pure. See docs/deviations.md.
#pragma once

#include <optional>
#include <string>

#include "kubeapi/pod.h"
#include "scheduling/plugins/registry.h"

namespace stowage::scheduling {

struct Refusal {
  PluginId plugin = 0;  // upstream's plugin that would handle it
  std::string message;
};

// Asked whatever the profile: a pod placed without its volumes, claims or group would not start.
std::optional<Refusal> unsupportedFeature(const kubeapi::Pod& pod);

}  // namespace stowage::scheduling
