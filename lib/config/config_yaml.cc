#include <fmt/format.h>

#include "base/text.h"
#include "config/go_duration.h"
#include "config/scheduler_config.h"

namespace stowage::config {

namespace {

// A YAML writer for exactly this object: two spaces per level, every text in JSON quotes, which
// YAML reads alike.
class Writer {
 public:
  void line(int depth, std::string_view text) {
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
    out_ += text;
    out_ += '\n';
  }
  void text(int depth, std::string_view name, std::string_view value) {
    line(depth, fmt::format("{}: {}", name, base::jsonString(value)));
  }
  void duration(int depth, std::string_view name, base::Duration value) {
    text(depth, name, formatGoDuration(value));
  }
  template <typename T>
  void value(int depth, std::string_view name, T value) {
    line(depth, fmt::format("{}: {}", name, value));
  }
  void texts(int depth, std::string_view name, const std::vector<std::string>& values) {
    std::string list;
    for (const std::string& value : values) {
      list += (list.empty() ? "" : ", ") + base::jsonString(value);
    }
    line(depth, fmt::format("{}: [{}]", name, list));
  }
  void resources(int depth, const std::vector<ResourceSpec>& resources) {
    line(depth, "resources:");
    for (const ResourceSpec& resource : resources) {
      line(depth, fmt::format("- {{name: {}, weight: {}}}", base::jsonString(resource.name),
                              resource.weight));
    }
  }
  void args(std::string_view plugin) {
    line(1, fmt::format("- name: {}", plugin));
    line(2, "args:");
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void writeConnection(Writer& out, const ClientConnectionConfig& connection) {
  out.line(0, "clientConnection:");
  out.text(1, "kubeconfig", connection.kubeconfig);
  out.value(1, "qps", connection.qps);
  out.value(1, "burst", connection.burst);
  out.text(1, "contentType", connection.content_type);
  out.text(1, "acceptContentTypes", connection.accept_content_types);
}

void writeElection(Writer& out, const LeaderElectionConfig& election) {
  out.line(0, "leaderElection:");
  out.value(1, "leaderElect", election.leader_elect);
  out.duration(1, "leaseDuration", election.lease_duration);
  out.duration(1, "renewDeadline", election.renew_deadline);
  out.duration(1, "retryPeriod", election.retry_period);
  out.text(1, "resourceLock", election.resource_lock);
  out.text(1, "resourceName", election.resource_name);
  out.text(1, "resourceNamespace", election.resource_namespace);
}

void writePlugins(Writer& out, const ResolvedProfile& profile) {
  out.line(1, "plugins:");
  out.line(2, "multiPoint: {disabled: [{name: \"*\"}]}");
  for (std::size_t i = 0; i < kExtensionPointCount; ++i) {
    const auto point = static_cast<ExtensionPoint>(i);
    if (profile.plugins[i].empty()) continue;
    out.line(2, fmt::format("{}:", fieldName(point)));
    out.line(3, "enabled:");
    for (const PluginUse& use : profile.plugins[i]) {
      out.line(3, point == ExtensionPoint::kScore
                      ? fmt::format("- {{name: {}, weight: {}}}", use.name, use.weight)
                      : fmt::format("- {{name: {}}}", use.name));
    }
  }
}

void writeSpread(Writer& out, const PodTopologySpreadArgs& spread) {
  out.args("PodTopologySpread");
  out.text(3, "defaultingType", spread.system_defaults ? "System" : "List");
  if (spread.default_constraints.empty()) return;
  out.line(3, "defaultConstraints:");
  for (const TopologySpreadConstraint& constraint : spread.default_constraints) {
    out.line(3, fmt::format("- {{maxSkew: {}, topologyKey: {}, whenUnsatisfiable: {}}}",
                            constraint.max_skew, base::jsonString(constraint.topology_key),
                            constraint.hard ? "DoNotSchedule" : "ScheduleAnyway"));
  }
}

void writeArgs(Writer& out, const PluginArgs& args) {
  out.line(1, "pluginConfig:");
  out.args("Packing");
  out.text(3, "apiVersion", "config.stowage.dev/v1alpha1");
  out.value(3, "quantum", args.packing.quantum);
  out.value(3, "imbalanceWeight", args.packing.imbalance_weight);
  out.value(3, "window", args.packing.window);
  out.args("NodeResourcesFit");
  out.texts(3, "ignoredResources", args.fit.ignored_resources);
  out.texts(3, "ignoredResourceGroups", args.fit.ignored_resource_groups);
  out.line(3, "scoringStrategy:");
  out.text(4, "type",
           args.fit.strategy == NodeResourcesFitArgs::Strategy::kMostAllocated ? "MostAllocated"
                                                                               : "LeastAllocated");
  out.resources(4, args.fit.resources);
  out.args("NodeResourcesBalancedAllocation");
  out.resources(3, args.balanced_resources);
  out.args("InterPodAffinity");
  out.value(3, "hardPodAffinityWeight", args.inter_pod_affinity.hard_pod_affinity_weight);
  out.value(3, "ignorePreferredTermsOfExistingPods",
            args.inter_pod_affinity.ignore_preferred_terms_of_existing_pods);
  writeSpread(out, args.topology_spread);
  out.args("DefaultPreemption");
  out.value(3, "minCandidateNodesPercentage", args.preemption.min_candidate_nodes_percentage);
  out.value(3, "minCandidateNodesAbsolute", args.preemption.min_candidate_nodes_absolute);
  out.args("VolumeBinding");
  out.value(3, "bindTimeoutSeconds", args.volume_bind_timeout_seconds);
  out.args("DynamicResources");
  out.duration(3, "filterTimeout", args.dra_filter_timeout);
  out.duration(3, "bindingTimeout", args.dra_binding_timeout);
}

}  // namespace

std::string schedulerConfigYaml(const SchedulerConfig& config) {
  Writer out;
  out.line(0, "apiVersion: kubescheduler.config.k8s.io/v1");
  out.line(0, "kind: KubeSchedulerConfiguration");
  out.value(0, "parallelism", config.parallelism);
  out.value(0, "percentageOfNodesToScore", config.percentage_of_nodes_to_score);
  const auto seconds = [](base::Duration duration) {
    return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  };
  out.value(0, "podInitialBackoffSeconds", seconds(config.pod_initial_backoff));
  out.value(0, "podMaxBackoffSeconds", seconds(config.pod_max_backoff));
  out.value(0, "enableProfiling", config.enable_profiling);
  out.value(0, "enableContentionProfiling", config.enable_contention_profiling);
  out.value(0, "delayCacheUntilActive", config.delay_cache_until_active);
  writeConnection(out, config.client_connection);
  writeElection(out, config.leader_election);
  out.line(0, "profiles:");
  for (const ResolvedProfile& profile : config.profiles) {
    out.text(0, "- schedulerName", profile.scheduler_name);
    out.value(1, "percentageOfNodesToScore", profile.percentage_of_nodes_to_score);
    writePlugins(out, profile);
    writeArgs(out, profile.args);
  }
  return out.take();
}

std::string defaultSchedulerConfigYaml() {
  const auto config = defaultSchedulerConfig();
  return config ? schedulerConfigYaml(*config) : config.error().message();
}

}  // namespace stowage::config
