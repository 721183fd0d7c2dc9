#include "config/plugin_args.h"

#include <fmt/format.h>

#include <limits>
#include <set>

#include "config/object_reader.h"

namespace stowage::config {

namespace {

constexpr std::string_view kUpstreamVersion = "kubescheduler.config.k8s.io/v1";
constexpr std::string_view kStowageVersion = "config.stowage.dev/v1alpha1";
constexpr std::int64_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();

void readPacking(ObjectReader& reader, PluginArgs& args) {
  // Above a million thousandths every node would look alike; longer windows would never forget.
  reader.integer("quantum", args.packing.quantum, std::int64_t{0}, std::int64_t{1'000'000});
  double weight = args.packing.imbalance_weight;
  if (reader.number("imbalanceWeight", weight)) {
    if (weight < 0 || weight > 1000) {
      reader.problem("imbalanceWeight", fmt::format("is {}", weight), "give 0 to 1000");
    } else {
      args.packing.imbalance_weight = weight;
    }
  }
  reader.integer("window", args.packing.window, std::int64_t{1}, std::int64_t{65'536});
}

std::vector<ResourceSpec> readResources(ObjectReader& reader, std::int64_t max_weight,
                                        const std::vector<ResourceSpec>& absent,
                                        Problems& problems) {
  std::vector<ResourceSpec> resources;
  std::set<std::string> seen;
  const bool given = reader.objects("resources", [&](const YamlNode& node, const std::string& at) {
    ObjectReader item(node, at, problems);
    ResourceSpec resource;
    if (!item.text("name", resource.name) || resource.name.empty()) {
      item.problem("name", "is missing", "name a resource such as cpu");
    } else if (!seen.insert(resource.name).second) {
      item.problem("name", "is listed twice", "list each resource once");
    }
    item.integer("weight", resource.weight, std::int64_t{0}, max_weight);
    if (resource.weight == 0) resource.weight = 1;  // upstream's default for 0
    item.finish();
    resources.push_back(std::move(resource));
  });
  return given && !resources.empty() ? resources : absent;
}

void readStrategy(ObjectReader& reader, Problems& problems, NodeResourcesFitArgs& fit) {
  const YamlNode* node = reader.object("scoringStrategy");
  if (node == nullptr) return;
  ObjectReader strategy(*node, reader.pathOf("scoringStrategy"), problems);
  std::string type = "LeastAllocated";
  strategy.text("type", type);
  fit.resources = readResources(strategy, 100, fit.resources, problems);
  strategy.any("requestedToCapacityRatio");
  if (type == "MostAllocated") {
    fit.strategy = NodeResourcesFitArgs::Strategy::kMostAllocated;
  } else if (type == "RequestedToCapacityRatio") {
    strategy.problem("type", "RequestedToCapacityRatio is not supported by this version",
                     "use LeastAllocated, MostAllocated or the Packing plugin");
  } else if (type != "LeastAllocated") {
    strategy.problem("type", fmt::format("is {}", quoted(type)),
                     "give LeastAllocated or MostAllocated");
  }
  strategy.finish();
}

void readFit(ObjectReader& reader, Problems& problems, PluginArgs& args) {
  reader.texts("ignoredResources", args.fit.ignored_resources);
  reader.texts("ignoredResourceGroups", args.fit.ignored_resource_groups);
  for (const std::string& group : args.fit.ignored_resource_groups) {
    if (group.find('/') != std::string::npos) {
      reader.problem("ignoredResourceGroups", fmt::format("{} contains a slash", quoted(group)),
                     "give the part before the slash");
    }
  }
  readStrategy(reader, problems, args.fit);
}

void readConstraints(ObjectReader& reader, Problems& problems, PodTopologySpreadArgs& spread) {
  std::vector<TopologySpreadConstraint> constraints;
  const auto each = [&](const YamlNode& node, const std::string& path) {
    ObjectReader item(node, path, problems);
    TopologySpreadConstraint constraint;
    if (!item.integer("maxSkew", constraint.max_skew, std::int64_t{1}, kMaxInt32)) {
      if (item.any("maxSkew") == nullptr) item.problem("maxSkew", "is missing", "give 1 or more");
    }
    if (!item.text("topologyKey", constraint.topology_key) || constraint.topology_key.empty()) {
      item.problem("topologyKey", "is missing", "name a node label");
    }
    std::string action;
    item.text("whenUnsatisfiable", action);
    constraint.hard = action == "DoNotSchedule";
    if (!constraint.hard && action != "ScheduleAnyway") {
      item.problem("whenUnsatisfiable", fmt::format("is {}", quoted(action)),
                   "give DoNotSchedule or ScheduleAnyway");
    }
    if (item.any("labelSelector") != nullptr) {
      item.problem("labelSelector", "is not allowed here",
                   "remove it: default constraints select the pods of the same workload");
    }
    item.finish();
    constraints.push_back(std::move(constraint));
  };
  if (reader.objects("defaultConstraints", each)) spread.default_constraints = constraints;
}

void readTopologySpread(ObjectReader& reader, Problems& problems, PluginArgs& args) {
  readConstraints(reader, problems, args.topology_spread);
  std::string type = "System";
  reader.text("defaultingType", type);
  args.topology_spread.system_defaults = type == "System";
  if (type != "System" && type != "List") {
    reader.problem("defaultingType", fmt::format("is {}", quoted(type)), "give System or List");
  } else if (type == "System" && !args.topology_spread.default_constraints.empty()) {
    reader.problem("defaultConstraints", "is given with defaultingType System",
                   "set defaultingType: List");
  }
}

void readPreemption(ObjectReader& reader, PluginArgs& args) {
  auto& preemption = args.preemption;
  reader.integer("minCandidateNodesPercentage", preemption.min_candidate_nodes_percentage,
                 std::int64_t{0}, std::int64_t{100});
  reader.integer("minCandidateNodesAbsolute", preemption.min_candidate_nodes_absolute,
                 std::int64_t{0}, kMaxInt32);
  if (preemption.min_candidate_nodes_percentage == 0 &&
      preemption.min_candidate_nodes_absolute == 0) {
    reader.problem("minCandidateNodesPercentage", "and minCandidateNodesAbsolute are both 0",
                   "give one of them");
  }
}

void readNodeAffinity(ObjectReader& reader) {
  if (reader.any("addedAffinity") != nullptr) {
    reader.problem("addedAffinity", "is not supported by this version",
                   "remove it, or put the affinity into the pods");
  }
}

void readVolumeBinding(ObjectReader& reader, PluginArgs& args) {
  reader.integer("bindTimeoutSeconds", args.volume_bind_timeout_seconds, std::int64_t{0},
                 kMaxInt32);
  if (reader.any("shape") != nullptr) {
    reader.problem("shape", "needs the feature StorageCapacityScoring, which is not supported",
                   "remove it");
  }
}

void readDynamicResources(ObjectReader& reader, PluginArgs& args) {
  reader.duration("filterTimeout", args.dra_filter_timeout);
  if (args.dra_filter_timeout.count() < 0) {
    reader.problem("filterTimeout", "is negative", "give 0 (no limit) or more");
  }
  reader.duration("bindingTimeout", args.dra_binding_timeout);
  if (args.dra_binding_timeout < std::chrono::seconds(1)) {
    reader.problem("bindingTimeout", "is shorter than a second", "give 1s or more");
  }
}

// apiVersion and kind may be left out; given, they must be the ones of the plugin.
void checkType(ObjectReader& reader, std::string_view plugin) {
  const std::string_view version = plugin == "Packing" ? kStowageVersion : kUpstreamVersion;
  std::string text(version);
  reader.text("apiVersion", text);
  if (text != version) {
    reader.problem("apiVersion", fmt::format("is {}", quoted(text)),
                   fmt::format("give {}", version));
  }
  const std::string kind = fmt::format("{}Args", plugin);
  text = kind;
  reader.text("kind", text);
  if (text != kind) {
    reader.problem("kind", fmt::format("is {}", quoted(text)), fmt::format("give {}", kind));
  }
}

}  // namespace

void readPluginArgs(std::string_view name, const YamlNode& node, const std::string& path,
                    Problems& problems, PluginArgs& args) {
  ObjectReader reader(node, path, problems);
  checkType(reader, name);
  if (name == "Packing") {
    readPacking(reader, args);
  } else if (name == "NodeResourcesFit") {
    readFit(reader, problems, args);
  } else if (name == "NodeResourcesBalancedAllocation") {
    args.balanced_resources = readResources(reader, 1, args.balanced_resources, problems);
  } else if (name == "InterPodAffinity") {
    reader.integer("hardPodAffinityWeight", args.inter_pod_affinity.hard_pod_affinity_weight,
                   std::int64_t{0}, std::int64_t{100});
    reader.boolean("ignorePreferredTermsOfExistingPods",
                   args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods);
  } else if (name == "PodTopologySpread") {
    readTopologySpread(reader, problems, args);
  } else if (name == "DefaultPreemption") {
    readPreemption(reader, args);
  } else if (name == "NodeAffinity") {
    readNodeAffinity(reader);
  } else if (name == "VolumeBinding") {
    readVolumeBinding(reader, args);
  } else if (name == "DynamicResources") {
    readDynamicResources(reader, args);
  } else {
    problems.add(node.place, path, fmt::format("the plugin {} has no args", name), "remove them");
    return;
  }
  reader.finish();
}

}  // namespace stowage::config
