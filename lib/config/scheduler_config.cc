#include "config/scheduler_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "config/config_validation.h"
#include "config/object_reader.h"
#include "config/profile_reader.h"

namespace stowage::config {

namespace {

constexpr std::string_view kApiVersion = "kubescheduler.config.k8s.io/v1";
constexpr std::string_view kKind = "KubeSchedulerConfiguration";
constexpr std::int64_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();

void readType(ObjectReader& reader) {
  std::string text;
  reader.text("apiVersion", text);
  if (text != kApiVersion) {
    reader.problem("apiVersion", text.empty() ? "is missing" : fmt::format("is {}", quoted(text)),
                   fmt::format("give {}", kApiVersion));
  }
  text.clear();
  reader.text("kind", text);
  if (text != kKind) {
    reader.problem("kind", text.empty() ? "is missing" : fmt::format("is {}", quoted(text)),
                   fmt::format("give {}", kKind));
  }
}

void readClientConnection(ObjectReader& root, Problems& problems, SchedulerConfig& config) {
  const YamlNode* node = root.object("clientConnection");
  auto& connection = config.client_connection;
  if (node != nullptr) {
    ObjectReader reader(*node, "clientConnection", problems);
    reader.text("kubeconfig", connection.kubeconfig);
    reader.number("qps", connection.qps);
    reader.integer("burst", connection.burst, std::int64_t{0}, kMaxInt32);
    reader.text("contentType", connection.content_type);
    reader.text("acceptContentTypes", connection.accept_content_types);
    reader.finish();
  }
  if (connection.qps <= 0) {
    config.notices.push_back({"clientConnection.qps",
                              "requests are not throttled by the client (kube-scheduler: 50 a "
                              "second); set clientConnection.qps to change that"});
  }
  const auto json_only = [&config](std::string_view field, const std::string& value) {
    if (value.empty() || value == "application/json") return;
    config.notices.push_back({fmt::format("clientConnection.{}", field),
                              fmt::format("{} is not used: Stowage speaks JSON", quoted(value))});
  };
  json_only("contentType", connection.content_type);
  json_only("acceptContentTypes", connection.accept_content_types);
}

void readLeaderElection(ObjectReader& root, Problems& problems, const ConfigOverrides& overrides,
                        SchedulerConfig& config) {
  auto& election = config.leader_election;
  const YamlNode* node = root.object("leaderElection");
  Place place = root.place();
  if (node != nullptr) {
    place = node->place;
    ObjectReader reader(*node, "leaderElection", problems);
    reader.boolean("leaderElect", election.leader_elect);
    reader.duration("leaseDuration", election.lease_duration);
    reader.duration("renewDeadline", election.renew_deadline);
    reader.duration("retryPeriod", election.retry_period);
    reader.text("resourceLock", election.resource_lock);
    reader.text("resourceName", election.resource_name);
    reader.text("resourceNamespace", election.resource_namespace);
    reader.finish();
  }
  if (overrides.leader_elect) election.leader_elect = *overrides.leader_elect;
  if (overrides.lease_name) election.resource_name = *overrides.lease_name;
  if (overrides.lease_namespace) election.resource_namespace = *overrides.lease_namespace;
  if (!election.leader_elect) return;
  validateLeaderElection(election, place, problems);
  config.notices.push_back(
      {"leaderElection.resourceName",
       fmt::format("the Lease is {} in {} (kube-scheduler: kube-system/kube-scheduler)",
                   election.resource_name,
                   election.resource_namespace.empty() ? "the pod's own namespace, else kube-system"
                                                       : election.resource_namespace)});
}

void readBackoff(ObjectReader& reader, SchedulerConfig& config) {
  std::int64_t initial = 1;
  std::int64_t maximum = 10;
  // A day; what is longer would never be meant and could overflow a sum of durations.
  constexpr std::int64_t kMost = 86'400;
  reader.integer("podInitialBackoffSeconds", initial, std::int64_t{1}, kMost);
  reader.integer("podMaxBackoffSeconds", maximum, std::int64_t{1}, kMost);
  if (maximum < initial) {
    reader.problem("podMaxBackoffSeconds",
                   fmt::format("is {}, less than podInitialBackoffSeconds ({})", maximum, initial),
                   "make it at least as long");
  }
  config.pod_initial_backoff = std::chrono::seconds(initial);
  config.pod_max_backoff = std::chrono::seconds(maximum);
}

void readScalars(ObjectReader& reader, SchedulerConfig& config) {
  const auto note = [&config](std::string_view field, std::string_view text) {
    config.notices.push_back({std::string(field), std::string(text)});
  };
  if (reader.integer("parallelism", config.parallelism, std::int64_t{1}, kMaxInt32)) {
    note("parallelism", "has no effect: one thread decides, helped by cached verdicts");
  }
  reader.integer("percentageOfNodesToScore", config.percentage_of_nodes_to_score, std::int64_t{0},
                 std::int64_t{100});
  note("percentageOfNodesToScore",
       config.percentage_of_nodes_to_score == 0
           ? "0 means all nodes (kube-scheduler: a share that shrinks with the cluster)"
           : "has no effect in this version: all nodes are looked at");
  readBackoff(reader, config);
  reader.boolean("enableProfiling", config.enable_profiling);
  reader.boolean("enableContentionProfiling", config.enable_contention_profiling);
  if (config.enable_profiling || config.enable_contention_profiling) {
    note("enableProfiling", "has no effect: there are no Go profiles to serve");
  }
  reader.boolean("delayCacheUntilActive", config.delay_cache_until_active);
  if (config.delay_cache_until_active) {
    note("delayCacheUntilActive", "has no effect in this version: a standby fills its caches");
  }
}

SchedulerConfig readConfig(const YamlNode& root, const ConfigOverrides& overrides,
                           Problems& problems) {
  SchedulerConfig config;
  ObjectReader reader(root, "", problems);
  readType(reader);
  readScalars(reader, config);
  readClientConnection(reader, problems, config);
  readLeaderElection(reader, problems, overrides, config);
  config.extenders = readExtenders(reader, problems);
  std::vector<Place> places;
  reader.objects("profiles", [&](const YamlNode& node, const std::string& path) {
    config.profiles.push_back(readProfile(node, path, problems, config.notices));
    places.push_back(node.place);
  });
  reader.finish();
  if (config.profiles.empty()) {
    config.profiles.push_back(defaultProfile(config.notices));
    places.push_back(root.place);
  }
  finishProfiles(config, places, overrides, problems);
  return config;
}

}  // namespace

std::vector<std::string> ResolvedProfile::filters() const {
  std::vector<std::string> names;
  for (const PluginUse& use : at(ExtensionPoint::kFilter)) names.push_back(use.name);
  return names;
}

base::Result<SchedulerConfig> loadSchedulerConfig(std::string_view text,
                                                  const std::string& filename,
                                                  const ConfigOverrides& overrides) {
  Problems problems(filename);
  const YamlNodePtr root = parseYaml(text, problems);
  if (root == nullptr) return base::fail(problems.status());
  if (root->kind != YamlNode::Kind::kMap) {
    problems.add(root->place, {}, fmt::format("the file holds {}", describe(*root)),
                 fmt::format("it must hold one {} object", kKind));
    return base::fail(problems.status());
  }
  SchedulerConfig config = readConfig(*root, overrides, problems);
  if (!problems.empty()) return base::fail(problems.status());
  return config;
}

base::Result<SchedulerConfig> defaultSchedulerConfig(const ConfigOverrides& overrides) {
  return loadSchedulerConfig(fmt::format("apiVersion: {}\nkind: {}\n", kApiVersion, kKind),
                             "command line", overrides);
}

}  // namespace stowage::config
