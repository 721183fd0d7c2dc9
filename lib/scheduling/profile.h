// Profile: which filters and scores decide for the pods of one schedulerName. Value type, made by
// config from a KubeSchedulerConfiguration or by defaultProfile().
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

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

// Scoring strategy of NodeResourcesFit when it scores (off in the default profile).
struct FitScoring {
  enum class Type {
    kLeastAllocated,
    kMostAllocated,
    kRequestedToCapacityRatio
  } type = Type::kLeastAllocated;
  std::vector<ResourceWeight> resources{{"cpu", 1}, {"memory", 1}};
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
};

// All upstream filters; scores TaintToleration 3, NodeAffinity 2, PodTopologySpread 2,
// InterPodAffinity 2 and Packing 1.
Profile defaultProfile(std::string scheduler_name);

}  // namespace stowage::scheduling
