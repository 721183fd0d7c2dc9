// PluginCatalogue: every plugin name that a profile may use, what it extends and how far this
// version goes with it. The one list to edit when a plugin is built. Constant data, thread safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace stowage::config {

// The extension points of kube-scheduler v1.36 (pkg/scheduler/apis/config/types.go, Plugins), in
// the order of a scheduling attempt; multiPoint is a shorthand and none of them.
enum class ExtensionPoint : std::uint8_t {
  kPreEnqueue,
  kQueueSort,
  kPreFilter,
  kFilter,
  kPostFilter,
  kPreScore,
  kScore,
  kReserve,
  kPermit,
  kPreBind,
  kBind,
  kPostBind,
  kPlacementGenerate,
  kPlacementScore,
};
inline constexpr std::size_t kExtensionPointCount = 14;
// The field of `plugins` ("preFilter").
std::string_view fieldName(ExtensionPoint point);

// What happens to a pod that needs the plugin.
enum class Support : std::uint8_t {
  kBuilt,        // as upstream documents it, or as Stowage's own documentation does
  kRefusesPods,  // not built: pods that need it are refused with its name
  kNoEffect,     // not built: the profile is accepted, the plugin does nothing
};

struct PluginInfo {
  std::string_view name;
  std::int64_t default_weight = 0;  // in upstream's default multiPoint list; 0 where none is given
  std::uint32_t points = 0;         // bit set of ExtensionPoint
  Support filter = Support::kNoEffect;  // as filter, queue, reserve or bind plugin
  Support score = Support::kNoEffect;   // as score plugin
  bool upstream_default = false;        // in the default multiPoint list of v1.36

  [[nodiscard]] bool extends(ExtensionPoint point) const {
    return ((points >> static_cast<unsigned>(point)) & 1U) != 0;
  }
};

// Upstream's plugins in the order of its default list, then Stowage's.
std::span<const PluginInfo> pluginCatalogue();
// nullptr when there is no plugin of that name.
const PluginInfo* findPlugin(std::string_view name);

}  // namespace stowage::config
