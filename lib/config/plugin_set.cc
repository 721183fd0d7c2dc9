#include "config/plugin_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace stowage::config {

namespace {

constexpr std::string_view kAll = "*";

bool contains(const std::vector<PluginEntry>& entries, std::string_view name) {
  return std::any_of(entries.begin(), entries.end(),
                     [name](const PluginEntry& entry) { return entry.name == name; });
}

const PluginEntry* firstOf(const std::vector<PluginEntry>& entries, std::string_view name) {
  for (const PluginEntry& entry : entries)
    if (entry.name == name) return &entry;
  return nullptr;
}

const PluginEntry* lastOf(const std::vector<PluginEntry>& entries, std::string_view name) {
  for (auto it = entries.rbegin(); it != entries.rend(); ++it)
    if (it->name == name) return &*it;
  return nullptr;
}

PluginSet mergeSet(const PluginSet& defaults, const PluginSet& custom) {
  PluginSet merged;
  merged.disabled = custom.disabled;
  std::set<const PluginEntry*> replacing;
  if (!contains(custom.disabled, kAll)) {
    for (const PluginEntry& entry : defaults.enabled) {
      if (contains(custom.disabled, entry.name)) continue;
      const PluginEntry* replacement = lastOf(custom.enabled, entry.name);
      merged.enabled.push_back(replacement != nullptr ? *replacement : entry);
      if (replacement != nullptr) replacing.insert(replacement);
    }
  }
  for (const PluginEntry& entry : custom.enabled)
    if (!replacing.contains(&entry)) merged.enabled.push_back(entry);
  return merged;
}

void reportTwice(const PluginEntry& entry, Problems& problems) {
  problems.add(entry.place, entry.path, fmt::format("{} is enabled twice", entry.name),
               "remove one of them");
}

// Names of one extension point in upstream's order: explicit entries that override a multiPoint
// one, then multiPoint's, then the other explicit ones.
std::vector<const PluginEntry*> expandPoint(ExtensionPoint point, const PluginSet& explicit_set,
                                            const PluginSet& multi_point) {
  std::vector<const PluginEntry*> from_multi_point;
  std::set<std::string_view> overriding;
  if (!contains(explicit_set.disabled, kAll)) {
    for (const PluginEntry& entry : multi_point.enabled) {
      const PluginInfo* plugin = findPlugin(entry.name);
      if (plugin == nullptr || !plugin->extends(point)) continue;
      if (contains(explicit_set.disabled, entry.name)) continue;
      if (contains(explicit_set.enabled, entry.name)) {
        overriding.insert(entry.name);
      } else {
        from_multi_point.push_back(&entry);
      }
    }
  }
  std::vector<const PluginEntry*> ordered;
  for (const PluginEntry& entry : explicit_set.enabled)
    if (overriding.contains(entry.name)) ordered.push_back(&entry);
  ordered.insert(ordered.end(), from_multi_point.begin(), from_multi_point.end());
  for (const PluginEntry& entry : explicit_set.enabled)
    if (!overriding.contains(entry.name)) ordered.push_back(&entry);
  return ordered;
}

// Weight 0 and no weight mean 1, also for a default plugin that is named again; an entry of
// `score` counts before one of multiPoint (getScoreWeights). int32 weights cannot overflow a sum.
void fillWeights(std::vector<PluginUse>& scores, const PluginSet& explicit_set,
                 const PluginSet& multi_point) {
  for (PluginUse& use : scores) {
    const PluginEntry* entry = firstOf(explicit_set.enabled, use.name);
    if (entry == nullptr) entry = firstOf(multi_point.enabled, use.name);
    use.weight = entry == nullptr || entry->weight == 0 ? 1 : entry->weight;
  }
}

PluginEntry named(std::string_view name, std::int64_t weight = 0) {
  return {std::string(name), weight, {}, {}};
}

}  // namespace

PluginSets upstreamDefaultPlugins() {
  PluginSets sets;
  for (const PluginInfo& plugin : pluginCatalogue()) {
    if (plugin.upstream_default) {
      sets.multi_point.enabled.push_back(named(plugin.name, plugin.default_weight));
    }
  }
  return sets;
}

PluginSets stowageDefaultPlugins() {
  PluginSets sets;
  sets.multi_point.enabled.push_back(named("Packing", 1));
  // What spreads load works against packing; what users wish for in the pod itself stays.
  for (const std::string_view name : {"NodeResourcesFit", "VolumeBinding", "DynamicResources",
                                      "NodeResourcesBalancedAllocation", "ImageLocality"}) {
    sets.at(ExtensionPoint::kScore).disabled.push_back(named(name));
  }
  return sets;
}

ResolvedPlugins resolvePlugins(const PluginSets& custom, Problems& problems) {
  for (const PluginEntry& entry : custom.multi_point.enabled)
    if (lastOf(custom.multi_point.enabled, entry.name) != &entry) reportTwice(entry, problems);
  const PluginSets defaults = upstreamDefaultPlugins();
  const PluginSet multi_point = mergeSet(defaults.multi_point, custom.multi_point);
  ResolvedPlugins resolved;
  for (std::size_t i = 0; i < kExtensionPointCount; ++i) {
    const PluginSet point = mergeSet(defaults.points[i], custom.points[i]);
    for (const PluginEntry& entry : point.enabled)
      if (lastOf(point.enabled, entry.name) != &entry) reportTwice(entry, problems);
    for (const PluginEntry* entry :
         expandPoint(static_cast<ExtensionPoint>(i), point, multi_point)) {
      resolved[i].push_back({entry->name, 0});
    }
    if (static_cast<ExtensionPoint>(i) == ExtensionPoint::kScore) {
      fillWeights(resolved[i], point, multi_point);
    }
  }
  return resolved;
}

}  // namespace stowage::config
