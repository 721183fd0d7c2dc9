#include "config/profile_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>

#include "config/object_reader.h"

namespace stowage::config {

namespace {

constexpr std::int64_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();

std::vector<PluginEntry> readEntries(ObjectReader& reader, std::string_view field,
                                     const ExtensionPoint* point, Problems& problems) {
  std::vector<PluginEntry> entries;
  const bool enabled = field == "enabled";
  reader.objects(field, [&](const YamlNode& node, const std::string& path) {
    ObjectReader item(node, path, problems);
    PluginEntry entry;
    entry.place = node.place;
    entry.path = path;
    item.text("name", entry.name);
    item.integer("weight", entry.weight, std::int64_t{0}, kMaxInt32);
    item.finish();
    const PluginInfo* plugin = findPlugin(entry.name);
    if (entry.name.empty()) {
      item.problem("name", "is missing", "name a plugin");
    } else if (plugin == nullptr && (enabled || entry.name != "*")) {
      item.problem("name", fmt::format("there is no plugin {}", quoted(entry.name)),
                   "docs/configuration.md lists the names");
    } else if (enabled && point != nullptr && !plugin->extends(*point)) {
      item.problem("name", fmt::format("{} does not extend {}", entry.name, fieldName(*point)),
                   "remove it here");
    } else {
      entries.push_back(std::move(entry));
    }
  });
  return entries;
}

void readSet(ObjectReader& plugins, std::string_view field, const ExtensionPoint* point,
             Problems& problems, PluginSet& set) {
  const YamlNode* node = plugins.object(field);
  if (node == nullptr) return;
  ObjectReader reader(*node, plugins.pathOf(field), problems);
  set.enabled = readEntries(reader, "enabled", point, problems);
  set.disabled = readEntries(reader, "disabled", point, problems);
  reader.finish();
}

PluginSets readPluginSets(const YamlNode& node, const std::string& path, Problems& problems) {
  PluginSets sets;
  ObjectReader reader(node, path, problems);
  readSet(reader, "multiPoint", nullptr, problems, sets.multi_point);
  for (std::size_t i = 0; i < kExtensionPointCount; ++i) {
    const auto point = static_cast<ExtensionPoint>(i);
    readSet(reader, fieldName(point), &point, problems, sets.points[i]);
  }
  reader.finish();
  return sets;
}

void readPluginConfig(ObjectReader& profile, Problems& problems, PluginArgs& args) {
  std::set<std::string> seen;
  profile.objects("pluginConfig", [&](const YamlNode& node, const std::string& path) {
    ObjectReader item(node, path, problems);
    std::string name;
    item.text("name", name);
    const YamlNode* values = item.object("args");
    item.finish();
    if (name.empty()) {
      item.problem("name", "is missing", "name a plugin");
    } else if (findPlugin(name) == nullptr) {
      item.problem("name", fmt::format("there is no plugin {}", quoted(name)),
                   "docs/configuration.md lists the names");
    } else if (!seen.insert(name).second) {
      item.problem("name", fmt::format("{} is configured twice", name), "remove one of them");
    } else if (values != nullptr) {
      readPluginArgs(name, *values, item.pathOf("args"), problems, args);
    }
  });
}

// Says once per profile which of its plugins do less than upstream's.
void noteUnbuilt(const ResolvedProfile& profile, const std::string& path,
                 std::vector<Notice>& notices) {
  std::vector<std::string> refusing;
  std::vector<std::string> idle;
  const auto add = [](std::vector<std::string>& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  };
  for (std::size_t i = 0; i < kExtensionPointCount; ++i) {
    const auto point = static_cast<ExtensionPoint>(i);
    for (const PluginUse& use : profile.plugins[i]) {
      const PluginInfo* plugin = findPlugin(use.name);
      if (plugin == nullptr || point == ExtensionPoint::kPreScore) continue;
      const Support support = point == ExtensionPoint::kScore ? plugin->score : plugin->filter;
      if (support == Support::kRefusesPods) add(refusing, use.name);
      if (support == Support::kNoEffect) {
        add(idle, point == ExtensionPoint::kScore ? use.name + " (score)" : use.name);
      }
    }
  }
  if (!refusing.empty()) {
    notices.push_back({path + ".plugins",
                       fmt::format("pods that need one of these are refused, by name, because this "
                                   "version does not have them: {}",
                                   fmt::join(refusing, ", "))});
  }
  if (!idle.empty()) {
    notices.push_back({path + ".plugins", fmt::format("these have no effect in this version: {}",
                                                      fmt::join(idle, ", "))});
  }
}

void useDefaultPlugins(ResolvedProfile& profile, const std::string& path, Problems& problems,
                       std::vector<Notice>& notices) {
  profile.plugins = resolvePlugins(stowageDefaultPlugins(), problems);
  notices.push_back({path + ".plugins",
                     "none are listed, so pods are packed: the filters and soft preferences of "
                     "kube-scheduler, Packing instead of LeastAllocated, BalancedAllocation and "
                     "ImageLocality, no implicit spreading"});
}

}  // namespace

ResolvedProfile readProfile(const YamlNode& node, const std::string& path, Problems& problems,
                            std::vector<Notice>& notices) {
  ResolvedProfile profile;
  ObjectReader reader(node, path, problems);
  reader.text("schedulerName", profile.scheduler_name);
  if (reader.integer("percentageOfNodesToScore", profile.percentage_of_nodes_to_score,
                     std::int64_t{0}, std::int64_t{100}) &&
      profile.percentage_of_nodes_to_score > 0) {
    notices.push_back({path + ".percentageOfNodesToScore",
                       "has no effect in this version: all nodes are looked at"});
  }
  const YamlNode* plugins = reader.object("plugins");
  // Implicit spreading is a default of upstream's default profile, not of ours.
  if (plugins == nullptr) profile.args.topology_spread.system_defaults = false;
  readPluginConfig(reader, problems, profile.args);
  reader.finish();
  if (plugins == nullptr) {
    useDefaultPlugins(profile, path, problems, notices);
  } else {
    profile.plugins =
        resolvePlugins(readPluginSets(*plugins, path + ".plugins", problems), problems);
  }
  noteUnbuilt(profile, path, notices);
  return profile;
}

ResolvedProfile defaultProfile(std::vector<Notice>& notices) {
  Problems none("");
  YamlNode empty;
  empty.kind = YamlNode::Kind::kMap;
  return readProfile(empty, "profiles[0]", none, notices);
}

}  // namespace stowage::config
