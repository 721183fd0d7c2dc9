#include "cmd/scheduler/startup.h"

#include "program/cluster.h"

namespace stowage::scheduler_cmd {

config::ConfigOverrides overridesOf(const Options& options) {
  config::ConfigOverrides overrides;
  overrides.scheduler_name = options.scheduler_name;
  overrides.leader_elect = options.leader_elect;
  overrides.lease_name = options.lease_name;
  overrides.lease_namespace = options.lease_namespace;
  return overrides;
}

namespace {

base::Result<config::SchedulerConfig> readConfig(const Options& options) {
  const config::ConfigOverrides overrides = overridesOf(options);
  if (options.config_file.empty()) return config::defaultSchedulerConfig(overrides);
  auto text = k8sclient::readFile(options.config_file);
  if (!text) return base::fail(text.error().withPrefix("--config"));
  return config::loadSchedulerConfig(*text, options.config_file, overrides);
}

}  // namespace

base::Result<Settings> loadSettings(const Options& options) {
  Settings settings;
  settings.options = options;
  auto config = readConfig(options);
  if (!config) return base::fail(config.error());
  settings.config = std::move(*config);
  const std::string& kubeconfig = options.kubeconfig.empty()
                                      ? settings.config.client_connection.kubeconfig
                                      : options.kubeconfig;
  auto client = k8sclient::loadClientConfig(kubeconfig, k8sclient::processEnvironment());
  if (!client) return base::fail(client.error());
  settings.client = std::move(*client);
  settings.lease_namespace =
      program::leaseNamespace(settings.config.leader_election.resource_namespace);
  return settings;
}

}  // namespace stowage::scheduler_cmd
