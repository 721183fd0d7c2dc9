// Profile: which filters and scores decide for the pods of one schedulerName. Value type, made by
// config from a KubeSchedulerConfiguration or by defaultProfile().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kubeapi/pod.h"
#include "kubeapi/selectors.h"

namespace stowage::scheduling {

// Packing's own settings (args of config.stowage.dev/v1alpha1 PackingArgs).
struct PackingSettings {
  std::int64_t quantum = 0;      // q, in thousandths of the mean node; 0: the built-in default
  double imbalance_weight = -1;  // factor of dI; below 0: the built-in default
  std::uint32_t window = 1024;   // arrivals that make up the target workload
};

struct ResourceWeight {
  std::string name;
  std::int64_t weight = 1;
};

// One point of the curve of RequestedToCapacityRatio.
struct ShapePoint {
  std::int64_t utilization = 0;  // percent, 0 to 100, rising from point to point
  std::int64_t score = 0;        // 0 to 10
  friend bool operator==(const ShapePoint&, const ShapePoint&) = default;
};

// Scoring strategy of NodeResourcesFit when it scores (off in the default profile).
struct FitScoring {
  enum class Type {
    kLeastAllocated,
    kMostAllocated,
    kRequestedToCapacityRatio
  } type = Type::kLeastAllocated;
  std::vector<ResourceWeight> resources{{"cpu", 1}, {"memory", 1}};
  std::vector<ShapePoint> shape;  // kRequestedToCapacityRatio: at least one point
};

// NodeAffinityArgs.addedAffinity: what every pod of the profile asks for beside its own affinity.
struct AddedNodeAffinity {
  std::optional<kubeapi::NodeSelector> required;
  std::vector<kubeapi::PreferredNodeTerm> preferred;
};

// What spreads a pod that names no constraints of its own (PodTopologySpreadArgs).
struct SpreadDefaults {
  bool system = true;  // upstream's built-in constraints: soft, over nodes and zones
  // Used when not `system`; without selectors, as the pod's owner gives them.
  std::vector<kubeapi::TopologySpreadConstraint> constraints;
};

// What DefaultPreemption does for the pods of a profile.
struct PreemptionSettings {
  bool enabled = true;
  bool after_claims = true;  // DynamicResources speaks first: its words come before preemption's
  // Pods of schedulers that are not ours are never evicted (args of config.stowage.dev/v1alpha1).
  bool spare_other_schedulers = false;
};

struct Profile {
  std::string scheduler_name;
  // Enabled plugins by name, in order. A name that is known upstream but not built here is allowed
  // for filters: pods that would need it are refused by name.
  std::vector<std::string> filters;
  struct Score {
    std::string name;
    std::int64_t weight = 1;
  };
  std::vector<Score> scores;
  PackingSettings packing;
  FitScoring fit_scoring;
  std::vector<std::string> ignored_resources;        // NodeResourcesFitArgs.ignoredResources
  std::vector<std::string> ignored_resource_groups;  // NodeResourcesFitArgs.ignoredResourceGroups
  std::vector<std::string> balanced_resources{"cpu", "memory"};  // NodeResourcesBalancedAllocation
  AddedNodeAffinity added_affinity;
  // InterPodAffinityArgs
  std::int64_t hard_pod_affinity_weight = 1;  // 0 to 100
  bool ignore_preferred_terms_of_existing_pods = false;
  SpreadDefaults spread_defaults;
  PreemptionSettings preemption;
  // DefaultPreemptionArgs: how many candidates a search looks at; never both 0.
  std::int64_t min_candidate_nodes_percentage = 10;
  std::int64_t min_candidate_nodes_absolute = 100;
  // VolumeBindingArgs.bindTimeoutSeconds
  base::Duration volume_bind_timeout = std::chrono::seconds(600);
};

// Whether pods without constraints of their own are spread in this profile: then Services and
// controllers must be watched.
bool spreadsByDefault(const Profile& profile);

// All upstream filters; scores TaintToleration 3, NodeAffinity 2, PodTopologySpread 2,
// InterPodAffinity 2 and Packing 1; no default constraints of spreading.
Profile defaultProfile(std::string scheduler_name);

}  // namespace stowage::scheduling
