#include "scheduling/profile.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace stowage::scheduling {

bool spreadsByDefault(const Profile& profile) {
  constexpr std::string_view kPlugin = "PodTopologySpread";
  const SpreadDefaults& defaults = profile.spread_defaults;
  // Upstream's own constraints are soft: they only score.
  const bool filters = !defaults.system && std::find(profile.filters.begin(), profile.filters.end(),
                                                     kPlugin) != profile.filters.end();
  const bool scores =
      std::any_of(profile.scores.begin(), profile.scores.end(),
                  [&](const Profile::Score& score) { return score.name == kPlugin; });
  return (filters || scores) && (defaults.system || !defaults.constraints.empty());
}

Profile defaultProfile(std::string scheduler_name) {
  Profile profile;
  profile.scheduler_name = std::move(scheduler_name);
  // Order of kube-scheduler's apis/config/v1/default_plugins.go, v1.36.3: it decides which reason a
  // node is counted under when several filters would reject it.
  profile.filters = {"NodeUnschedulable",  "NodeName",
                     "TaintToleration",    "NodeAffinity",
                     "NodePorts",          "NodeResourcesFit",
                     "VolumeRestrictions", "NodeVolumeLimits",
                     "VolumeBinding",      "VolumeZone",
                     "PodTopologySpread",  "InterPodAffinity",
                     "DynamicResources",   "NodeDeclaredFeatures"};
  profile.scores = {{"TaintToleration", 3},
                    {"NodeAffinity", 2},
                    {"PodTopologySpread", 2},
                    {"InterPodAffinity", 2},
                    {"Packing", 1}};
  profile.spread_defaults.system = false;
  return profile;
}

}  // namespace stowage::scheduling
