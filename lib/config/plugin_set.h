// PluginSet: the `plugins` of a profile as written, and what upstream's merge rules make of it.
// Pure values and functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/plugin_catalogue.h"
#include "config/problems.h"

namespace stowage::config {

// One plugin in effect at one extension point. `weight` counts at `score` only.
struct PluginUse {
  std::string name;
  std::int64_t weight = 0;
  friend bool operator==(const PluginUse&, const PluginUse&) = default;
};

// An entry of enabled or disabled, with where it stood.
struct PluginEntry {
  std::string name;
  std::int64_t weight = 0;  // 0: not given
  Place place;
  std::string path;  // "profiles[0].plugins.score.enabled[1]"
};

struct PluginSet {
  std::vector<PluginEntry> enabled;
  std::vector<PluginEntry> disabled;
};

struct PluginSets {
  PluginSet multi_point;
  std::array<PluginSet, kExtensionPointCount> points;

  PluginSet& at(ExtensionPoint point) { return points[static_cast<std::size_t>(point)]; }
};

using ResolvedPlugins = std::array<std::vector<PluginUse>, kExtensionPointCount>;

// Upstream's default profile: its multiPoint list and nothing else.
PluginSets upstreamDefaultPlugins();
// What a profile without `plugins` means on top of it: Packing instead of the spreading scores.
PluginSets stowageDefaultPlugins();

// `custom` over upstream's default plugins, expanded to every extension point in order, with score
// weights filled in. Rules: pkg/scheduler/apis/config/v1/default_plugins.go (mergePlugins) and
// pkg/scheduler/framework/runtime/framework.go (expandMultiPointPlugins) of v1.36: an entry of the
// same name replaces in place; disabled "*" drops all defaults of the point; other entries are
// appended; an explicit point beats multiPoint; a name enabled twice is a problem. Names are known
// (readPluginSets has checked them).
ResolvedPlugins resolvePlugins(const PluginSets& custom, Problems& problems);

}  // namespace stowage::config
