// Registry: every plugin name a profile may mention, and how to make those that are built. One
// place: config validates names with it, the cycle builds profiles from it. Pure. Names:
// kube-scheduler plugins/names/names.go, v1.36.3, and Stowage's own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "scheduling/cache/cluster_cache.h"
#include "scheduling/plugins/plugin.h"
#include "scheduling/profile.h"

namespace stowage::scheduling {

// Position in knownPlugins(): small, so that sets of plugins are bits of one word.
using PluginId = std::uint8_t;
using PluginSet = std::uint64_t;

struct PluginInfo {
  std::string_view name;
  bool filter = false;  // may stand in Profile::filters
  bool score = false;   // may stand in Profile::scores
  bool built = false;   // false: pods that need it are refused by name
};

std::span<const PluginInfo> knownPlugins();
std::optional<PluginId> findPlugin(std::string_view name);
inline PluginSet bitOf(PluginId id) { return PluginSet{1} << id; }
// For names that this file itself lists; ends the process on another name.
PluginId pluginId(std::string_view name);

// nullptr when the name has no such side or is not built. `cache` outlives the plugin: volume
// filters read storage objects and who uses them there.
std::unique_ptr<FilterPlugin> makeFilter(std::string_view name, const Profile& profile,
                                         const ClusterCache& cache);

}  // namespace stowage::scheduling
