// SchedulerConfig: what stowage-scheduler runs with, read strictly from a
// KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) with upstream's defaults, merge rules
// and validation, and with Stowage's documented differences (docs/configuration.md). Value types;
// pure functions, no I/O.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "config/extender_config.h"
#include "config/plugin_args.h"
#include "config/plugin_catalogue.h"
#include "config/plugin_set.h"

namespace stowage::config {

inline constexpr std::string_view kDefaultSchedulerName = "stowage-scheduler";
inline constexpr std::string_view kDefaultLeaseName = "stowage-scheduler";

struct ClientConnectionConfig {
  std::string kubeconfig;  // "": as the command line says
  double qps = 0;          // requests per second; 0 or less: not throttled
  std::int64_t burst = 0;  // 0: the default for the given qps
  std::string content_type;
  std::string accept_content_types;
  friend bool operator==(const ClientConnectionConfig&, const ClientConnectionConfig&) = default;
};

struct LeaderElectionConfig {
  bool leader_elect = true;
  base::Duration lease_duration = std::chrono::seconds(15);
  base::Duration renew_deadline = std::chrono::seconds(10);
  base::Duration retry_period = std::chrono::seconds(2);
  std::string resource_lock = "leases";
  std::string resource_name{kDefaultLeaseName};
  std::string resource_namespace;  // "": the pod's own, else kube-system
  friend bool operator==(const LeaderElectionConfig&, const LeaderElectionConfig&) = default;
};

struct ResolvedProfile {
  std::string scheduler_name;
  std::int64_t percentage_of_nodes_to_score = 0;  // 0: all
  ResolvedPlugins plugins;                        // by ExtensionPoint, in order
  PluginArgs args;

  [[nodiscard]] const std::vector<PluginUse>& at(ExtensionPoint point) const {
    return plugins[static_cast<std::size_t>(point)];
  }
  // Names at `filter`, and names with weights at `score`: what scheduling::Profile is made of.
  [[nodiscard]] std::vector<std::string> filters() const;
  [[nodiscard]] const std::vector<PluginUse>& scores() const { return at(ExtensionPoint::kScore); }
};

// One difference from kube-scheduler that is in effect; the process logs all of them at start.
struct Notice {
  std::string field;
  std::string text;
};

struct SchedulerConfig {
  std::int64_t parallelism = 16;
  std::int64_t percentage_of_nodes_to_score = 0;  // 0: all
  base::Duration pod_initial_backoff = std::chrono::seconds(1);
  base::Duration pod_max_backoff = std::chrono::seconds(10);
  ClientConnectionConfig client_connection;
  LeaderElectionConfig leader_election;
  bool enable_profiling = false;
  bool enable_contention_profiling = false;
  bool delay_cache_until_active = false;  // read, not acted on yet
  std::vector<ExtenderConfig> extenders;
  std::vector<ResolvedProfile> profiles;  // at least one
  std::vector<Notice> notices;
};

// Flags that the file has to agree with. Flags win.
struct ConfigOverrides {
  std::optional<std::string> scheduler_name = std::nullopt;  // only with a single profile
  std::optional<bool> leader_elect = std::nullopt;
  std::optional<std::string> lease_name = std::nullopt;
  std::optional<std::string> lease_namespace = std::nullopt;
};

// Reads `text`, at most 1 MiB of YAML or JSON. `filename` is only for messages. Every problem that
// is found comes in one kInvalidArgument, a line each: `file:line:column: field: what; what to do`.
base::Result<SchedulerConfig> loadSchedulerConfig(std::string_view text,
                                                  const std::string& filename,
                                                  const ConfigOverrides& overrides = {});

// The configuration of a start without a file.
base::Result<SchedulerConfig> defaultSchedulerConfig(const ConfigOverrides& overrides = {});

// The configuration in effect as YAML that loadSchedulerConfig reads back to the same value
// (notices aside): for /configz and --write-config-to.
std::string schedulerConfigYaml(const SchedulerConfig& config);
std::string defaultSchedulerConfigYaml();

}  // namespace stowage::config
