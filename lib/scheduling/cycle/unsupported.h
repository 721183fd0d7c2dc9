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

// `enabled`: the plugins of the pod's profile. Pod affinity and spreading are looked at only when
// their plugin is enabled, as an admin who disables it wants them ignored; volumes, claims and
// groups always, as a pod placed without them would not start.
std::optional<Refusal> unsupportedFeature(const kubeapi::Pod& pod, PluginSet enabled);

}  // namespace stowage::scheduling
