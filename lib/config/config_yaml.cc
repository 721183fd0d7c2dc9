#include <fmt/format.h>

#include "config/args_yaml.h"
#include "config/scheduler_config.h"
#include "config/yaml_writer.h"

namespace stowage::config {

namespace {

void writeConnection(YamlWriter& out, const ClientConnectionConfig& connection) {
  out.line(0, "clientConnection:");
  out.text(1, "kubeconfig", connection.kubeconfig);
  out.value(1, "qps", connection.qps);
  out.value(1, "burst", connection.burst);
  out.text(1, "contentType", connection.content_type);
  out.text(1, "acceptContentTypes", connection.accept_content_types);
}

void writeElection(YamlWriter& out, const LeaderElectionConfig& election) {
  out.line(0, "leaderElection:");
  out.value(1, "leaderElect", election.leader_elect);
  out.duration(1, "leaseDuration", election.lease_duration);
  out.duration(1, "renewDeadline", election.renew_deadline);
  out.duration(1, "retryPeriod", election.retry_period);
  out.text(1, "resourceLock", election.resource_lock);
  out.text(1, "resourceName", election.resource_name);
  out.text(1, "resourceNamespace", election.resource_namespace);
}

void writePlugins(YamlWriter& out, const ResolvedProfile& profile) {
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

}  // namespace

std::string schedulerConfigYaml(const SchedulerConfig& config) {
  YamlWriter out;
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
  writeExtenders(out, config.extenders);
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
