#include "config/plugin_catalogue.h"

#include <initializer_list>

namespace stowage::config {

namespace {

using P = ExtensionPoint;

constexpr std::uint32_t points(std::initializer_list<P> list) {
  std::uint32_t bits = 0;
  for (const P point : list) bits |= 1U << static_cast<unsigned>(point);
  return bits;
}

constexpr auto kFieldNames = std::to_array<std::string_view>(
    {"preEnqueue", "queueSort", "preFilter", "filter", "postFilter", "preScore", "score", "reserve",
     "permit", "preBind", "bind", "postBind", "placementGenerate", "placementScore"});
static_assert(kFieldNames.size() == kExtensionPointCount);

constexpr Support kBuilt = Support::kBuilt;
constexpr Support kRefuses = Support::kRefusesPods;
constexpr Support kNothing = Support::kNoEffect;

// Order, weights and points: pkg/scheduler/apis/config/v1/default_plugins.go and the plugins of
// v1.36. NodeResourcesFit's PlacementScore and the gang plugins are alpha and off there.
constexpr auto kCatalogue = std::to_array<PluginInfo>({
    {"SchedulingGates", 0, points({P::kPreEnqueue}), kBuilt, kNothing, true},
    {"PrioritySort", 0, points({P::kQueueSort}), kBuilt, kNothing, true},
    {"NodeUnschedulable", 0, points({P::kFilter}), kBuilt, kNothing, true},
    {"NodeName", 0, points({P::kFilter}), kBuilt, kNothing, true},
    {"TaintToleration", 3, points({P::kFilter, P::kPreScore, P::kScore}), kBuilt, kBuilt, true},
    {"NodeAffinity", 2, points({P::kPreFilter, P::kFilter, P::kPreScore, P::kScore}), kBuilt,
     kBuilt, true},
    {"NodePorts", 0, points({P::kPreFilter, P::kFilter}), kBuilt, kNothing, true},
    {"NodeResourcesFit", 1, points({P::kPreFilter, P::kFilter, P::kPreScore, P::kScore}), kBuilt,
     kBuilt, true},
    {"VolumeRestrictions", 0, points({P::kPreFilter, P::kFilter}), kBuilt, kNothing, true},
    {"NodeVolumeLimits", 0, points({P::kPreFilter, P::kFilter}), kBuilt, kNothing, true},
    // Its score does nothing, as upstream's while a gate is off.
    {"VolumeBinding", 0,
     points({P::kPreFilter, P::kFilter, P::kPreScore, P::kScore, P::kReserve, P::kPreBind}), kBuilt,
     kBuilt, true},
    {"VolumeZone", 0, points({P::kPreFilter, P::kFilter}), kBuilt, kNothing, true},
    {"PodTopologySpread", 2, points({P::kPreFilter, P::kFilter, P::kPreScore, P::kScore}), kBuilt,
     kBuilt, true},
    {"InterPodAffinity", 2, points({P::kPreFilter, P::kFilter, P::kPreScore, P::kScore}), kBuilt,
     kBuilt, true},
    {"DynamicResources", 2,
     points({P::kPreEnqueue, P::kPreFilter, P::kFilter, P::kPostFilter, P::kScore, P::kReserve,
             P::kPreBind}),
     kRefuses, kNothing, true},
    {"DefaultPreemption", 0, points({P::kPreEnqueue, P::kPostFilter}), kBuilt, kNothing, true},
    {"NodeResourcesBalancedAllocation", 1, points({P::kPreScore, P::kScore}), kNothing, kBuilt,
     true},
    {"ImageLocality", 1, points({P::kScore}), kNothing, kBuilt, true},
    {"DefaultBinder", 0, points({P::kBind}), kBuilt, kNothing, true},
    {"NodeDeclaredFeatures", 0, points({P::kPreFilter, P::kFilter}), kBuilt, kNothing, true},
    {"GangScheduling", 0, points({P::kPreEnqueue, P::kPermit}), kRefuses, kNothing, false},
    {"TopologyPlacementGenerator", 0, points({P::kPlacementGenerate}), kNothing, kNothing, false},
    {"PodGroupPodsCount", 1, points({P::kPlacementScore}), kNothing, kNothing, false},
    {"Packing", 1, points({P::kScore}), kNothing, kBuilt, false},
});

}  // namespace

std::string_view fieldName(ExtensionPoint point) {
  return kFieldNames[static_cast<std::size_t>(point)];
}

std::span<const PluginInfo> pluginCatalogue() { return kCatalogue; }

const PluginInfo* findPlugin(std::string_view name) {
  for (const PluginInfo& plugin : kCatalogue)
    if (plugin.name == name) return &plugin;
  return nullptr;
}

}  // namespace stowage::config
