#include "config/plugin_args.h"

#include <fmt/format.h>

#include <limits>

#include "config/affinity_args.h"
#include "config/object_reader.h"
#include "config/resource_args.h"
#include "config/spread_args.h"

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

void readPreemption(ObjectReader& reader, const std::string& version, PluginArgs& args) {
  auto& preemption = args.preemption;
  if (version == kStowageVersion) {
    reader.boolean("spareOtherSchedulers", preemption.spare_other_schedulers);
  } else if (reader.any("spareOtherSchedulers") != nullptr) {
    reader.problem("spareOtherSchedulers", "is Stowage's own setting",
                   fmt::format("give apiVersion: {} in these args", kStowageVersion));
  }
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

// apiVersion and kind may be left out; given, they must be the ones of the plugin. Returns the
// apiVersion.
std::string checkType(ObjectReader& reader, std::string_view plugin) {
  const std::string_view version = plugin == "Packing" ? kStowageVersion : kUpstreamVersion;
  std::string text(version);
  reader.text("apiVersion", text);
  // The args of DefaultPreemption have one field more in Stowage's version.
  const bool extended = plugin == "DefaultPreemption" && text == kStowageVersion;
  if (text != version && !extended) {
    reader.problem("apiVersion", fmt::format("is {}", quoted(text)),
                   fmt::format("give {}", version));
  }
  const std::string given = text;
  const std::string kind = fmt::format("{}Args", plugin);
  text = kind;
  reader.text("kind", text);
  if (text != kind) {
    reader.problem("kind", fmt::format("is {}", quoted(text)), fmt::format("give {}", kind));
  }
  return given;
}

}  // namespace

void readPluginArgs(std::string_view name, const YamlNode& node, const std::string& path,
                    Problems& problems, PluginArgs& args) {
  ObjectReader reader(node, path, problems);
  const std::string version = checkType(reader, name);
  if (name == "Packing") {
    readPacking(reader, args);
  } else if (name == "NodeResourcesFit") {
    readFit(reader, problems, args.fit);
  } else if (name == "NodeResourcesBalancedAllocation") {
    readBalancedResources(reader, problems, args.balanced_resources);
  } else if (name == "InterPodAffinity") {
    reader.integer("hardPodAffinityWeight", args.inter_pod_affinity.hard_pod_affinity_weight,
                   std::int64_t{0}, std::int64_t{100});
    reader.boolean("ignorePreferredTermsOfExistingPods",
                   args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods);
  } else if (name == "PodTopologySpread") {
    readTopologySpread(reader, problems, args.topology_spread);
  } else if (name == "DefaultPreemption") {
    readPreemption(reader, version, args);
  } else if (name == "NodeAffinity") {
    readNodeAffinity(reader, problems, args.node_affinity);
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
