#include "scheduling/plugins/registry.h"

#include <array>

#include "base/check.h"
#include "scheduling/plugins/node_affinity/node_affinity.h"
#include "scheduling/plugins/node_declared_features/node_declared_features.h"
#include "scheduling/plugins/node_name/node_name.h"
#include "scheduling/plugins/node_ports/node_ports.h"
#include "scheduling/plugins/node_resources_fit/node_resources_fit.h"
#include "scheduling/plugins/node_unschedulable/node_unschedulable.h"
#include "scheduling/plugins/node_volume_limits/node_volume_limits.h"
#include "scheduling/plugins/taint_toleration/taint_toleration.h"
#include "scheduling/plugins/volume_binding/volume_binding.h"
#include "scheduling/plugins/volume_restrictions/volume_restrictions.h"
#include "scheduling/plugins/volume_zone/volume_zone.h"

namespace stowage::scheduling {
namespace {

constexpr std::array kPlugins = {
    PluginInfo{"SchedulingGates", false, false, true},
    PluginInfo{"PrioritySort", false, false, true},
    PluginInfo{"NodeUnschedulable", true, false, true},
    PluginInfo{"NodeName", true, false, true},
    PluginInfo{"TaintToleration", true, true, true},
    PluginInfo{"NodeAffinity", true, true, true},
    PluginInfo{"NodePorts", true, false, true},
    PluginInfo{"NodeResourcesFit", true, true, true},
    PluginInfo{"VolumeRestrictions", true, false, true},
    PluginInfo{"NodeVolumeLimits", true, false, true},
    PluginInfo{"VolumeBinding", true, true, true},
    PluginInfo{"VolumeZone", true, false, true},
    PluginInfo{"PodTopologySpread", true, true, true},
    PluginInfo{"InterPodAffinity", true, true, true},
    PluginInfo{"DynamicResources", true, true, false},
    PluginInfo{"DefaultPreemption", false, false, true},
    PluginInfo{"NodeResourcesBalancedAllocation", false, true, true},
    PluginInfo{"ImageLocality", false, true, true},
    PluginInfo{"DefaultBinder", false, false, true},
    PluginInfo{"NodeDeclaredFeatures", true, false, true},
    PluginInfo{"GangScheduling", false, false, false},
    PluginInfo{"Packing", false, true, true},
};
static_assert(kPlugins.size() <= 64, "sets of plugins are bits of one word");

}  // namespace

std::span<const PluginInfo> knownPlugins() { return kPlugins; }

std::optional<PluginId> findPlugin(std::string_view name) {
  for (std::size_t id = 0; id < kPlugins.size(); ++id) {
    if (kPlugins[id].name == name) return static_cast<PluginId>(id);
  }
  return std::nullopt;
}

PluginId pluginId(std::string_view name) {
  const auto id = findPlugin(name);
  STOWAGE_CHECK(id.has_value(), "a plugin name of our own is not in the registry");
  return *id;
}

std::unique_ptr<FilterPlugin> makeFilter(std::string_view name, const Profile& profile,
                                         const ClusterCache& cache) {
  if (name == "NodeUnschedulable") return std::make_unique<NodeUnschedulable>();
  if (name == "NodeName") return std::make_unique<NodeName>();
  if (name == "TaintToleration") return std::make_unique<TaintToleration>();
  if (name == "NodeAffinity") return std::make_unique<NodeAffinity>(profile.added_affinity);
  if (name == "NodePorts") return std::make_unique<NodePorts>();
  if (name == "NodeDeclaredFeatures") return std::make_unique<NodeDeclaredFeatures>();
  if (name == "NodeResourcesFit") return std::make_unique<NodeResourcesFit>();
  if (name == "VolumeRestrictions") return std::make_unique<VolumeRestrictions>(cache);
  if (name == "NodeVolumeLimits") return std::make_unique<NodeVolumeLimits>(cache);
  if (name == "VolumeBinding") return std::make_unique<VolumeBinding>(cache);
  if (name == "VolumeZone") return std::make_unique<VolumeZone>(cache);
  return nullptr;
}

}  // namespace stowage::scheduling
