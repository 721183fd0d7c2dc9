// PluginArgs: the typed args of pluginConfig, with upstream's defaults (v1.36,
// pkg/scheduler/apis/config/v1/defaults.go) and validation (…/validation/validation_pluginargs.go),
// and PackingArgs of config.stowage.dev/v1alpha1. Value types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/yaml_tree.h"
#include "kubeapi/pod.h"
#include "kubeapi/selectors.h"

namespace stowage::config {

// PackingArgs, see docs/configuration.md.
struct PackingArgs {
  std::int64_t quantum = 0;       // thousandths of the mean node; 0: the built-in default
  double imbalance_weight = 2.0;  // factor of the change of imbalance
  std::int64_t window = 1024;     // arrivals that make up the target workload
};

struct ResourceSpec {
  std::string name;
  std::int64_t weight = 1;  // 1 to 100
  friend bool operator==(const ResourceSpec&, const ResourceSpec&) = default;
};

// A point of RequestedToCapacityRatio's curve.
struct UtilizationShapePoint {
  std::int64_t utilization = 0;  // percent, 0 to 100, rising
  std::int64_t score = 0;        // 0 to 10
  friend bool operator==(const UtilizationShapePoint&, const UtilizationShapePoint&) = default;
};

struct NodeResourcesFitArgs {
  enum class Strategy { kLeastAllocated, kMostAllocated, kRequestedToCapacityRatio };
  std::vector<std::string> ignored_resources;
  std::vector<std::string> ignored_resource_groups;
  Strategy strategy = Strategy::kLeastAllocated;
  std::vector<ResourceSpec> resources{{"cpu", 1}, {"memory", 1}};
  std::vector<UtilizationShapePoint> shape;  // kRequestedToCapacityRatio: at least one point
};

// addedAffinity: nothing when both are empty.
struct NodeAffinityArgs {
  std::optional<kubeapi::NodeSelector> required;
  std::vector<kubeapi::PreferredNodeTerm> preferred;
};

struct InterPodAffinityArgs {
  std::int64_t hard_pod_affinity_weight = 1;
  bool ignore_preferred_terms_of_existing_pods = false;
};

struct DefaultPreemptionArgs {
  std::int64_t min_candidate_nodes_percentage = 10;
  std::int64_t min_candidate_nodes_absolute = 100;
  // Stowage's own, with apiVersion config.stowage.dev/v1alpha1 only.
  bool spare_other_schedulers = false;
};

struct PodTopologySpreadArgs {
  bool system_defaults = true;                                         // defaultingType System
  std::vector<kubeapi::TopologySpreadConstraint> default_constraints;  // without selectors
};

struct PluginArgs {
  PackingArgs packing;
  NodeResourcesFitArgs fit;
  NodeAffinityArgs node_affinity;
  InterPodAffinityArgs inter_pod_affinity;
  DefaultPreemptionArgs preemption;
  PodTopologySpreadArgs topology_spread;
  std::vector<ResourceSpec> balanced_resources{{"cpu", 1}, {"memory", 1}};
  std::int64_t volume_bind_timeout_seconds = 600;
  base::Duration dra_filter_timeout = std::chrono::seconds(10);
  base::Duration dra_binding_timeout = std::chrono::seconds(600);
};

// Reads one args object of the plugin `name` into `args`; `path` names it in problems. Args of a
// plugin that has none, or of settings that are not built, are problems.
void readPluginArgs(std::string_view name, const YamlNode& node, const std::string& path,
                    Problems& problems, PluginArgs& args);

}  // namespace stowage::config
