#include "scheduling/profile.h"

#include <utility>

namespace stowage::scheduling {

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
