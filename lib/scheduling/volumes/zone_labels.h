// Zone and region labels of nodes and volumes, in both generations, and lists of zones in one label
// value. Pure. Sources: core/v1 well_known_labels.go, cloud-provider volume/helpers/zones.go.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/symbols.h"

namespace stowage::scheduling {

inline constexpr std::string_view kZoneLabel = "topology.kubernetes.io/zone";
inline constexpr std::string_view kRegionLabel = "topology.kubernetes.io/region";
inline constexpr std::string_view kBetaZoneLabel = "failure-domain.beta.kubernetes.io/zone";
inline constexpr std::string_view kBetaRegionLabel = "failure-domain.beta.kubernetes.io/region";

// In the order in which kube-scheduler looks at them.
const std::array<base::Symbol, 4>& zoneAndRegionLabels();

// "a__b" as {"a", "b"}: trimmed, sorted, unique. Empty parts are left out; `had_empty` tells.
std::vector<base::Symbol> zonesIn(std::string_view value, bool& had_empty);

}  // namespace stowage::scheduling
