#include "conformance/scheduler/generator.h"

#include "conformance/scheduler/boundary.h"
#include "conformance/scheduler/pod_maker.h"
#include "conformance/scheduler/preemption_maker.h"
#include "conformance/scheduler/vocabulary.h"
#include "conformance/scheduler/volume_maker.h"
#include "conformance/scheduler/workload_maker.h"

namespace stowage::conformance {
namespace {

constexpr std::uint64_t kConfigurations = 24;

json taint(Dice& dice) {
  json one = {{"key", dice.pick(kTaintKeys)}, {"effect", dice.pick(kEffects)}};
  if (dice.chance(80)) one["value"] = dice.pick(kTaintValues);
  return one;
}

json allocatable(Dice& dice) {
  json list = json::object();
  if (dice.chance(98)) list["cpu"] = dice.pick(Names{"2", "4", "4", "8", "3920m", "16"});
  if (dice.chance(98)) list["memory"] = dice.pick(Names{"2Gi", "4Gi", "8Gi", "3882216Ki", "16G"});
  if (dice.chance(99)) list["pods"] = dice.pick(Names{"110", "110", "110", "110", "8", "4"});
  if (dice.chance(70)) list["ephemeral-storage"] = dice.pick(Names{"10Gi", "5G", "47093746742"});
  for (const std::string& name : kScalars) {
    if (!dice.chance(35)) continue;
    list[name] = name == "hugepages-2Mi" ? dice.pick(Names{"64Mi", "4Mi", "0"})
                                         : dice.pick(Names{"1", "2", "4", "8", "0"});
  }
  return list;
}

// An image is as large wherever it lies: upstream's cache keeps the size that it saw first.
std::int64_t sizeOf(const std::string& image, std::uint64_t salt) {
  static const std::vector<std::int64_t> kMegabytes = {1,   20,  24,  60,   150,
                                                       400, 700, 999, 1001, 1500};
  const std::uint64_t which = std::hash<std::string>{}(image) ^ salt;
  return kMegabytes[Dice(which).below(kMegabytes.size())] * 1048576 +
         static_cast<std::int64_t>(which % 1000);
}

json images(Dice& dice, std::uint64_t salt) {
  Names there = kImages;
  json list = json::array();
  for (std::uint64_t i = dice.below(4); i > 0; --i) {
    const std::size_t which = dice.below(there.size());
    list.push_back({{"names", {there[which]}}, {"sizeBytes", sizeOf(there[which], salt)}});
    there.erase(there.begin() + static_cast<std::ptrdiff_t>(which));
  }
  return list;
}

json node(Dice& dice, const GeneratorOptions& options, std::size_t number, std::uint64_t salt) {
  const std::string name = "node-" + std::to_string(number);
  json labels = json::object();
  if (dice.chance(96)) labels[kHost] = name;
  if (dice.chance(4)) labels[kHost] = "node-0";  // two nodes under one host name
  if (dice.chance(92)) labels[kZone] = kZones[dice.below(2 + dice.below(3))];
  if (dice.chance(40)) labels[kRegion] = dice.pick(Names{"north", "south"});
  if (dice.chance(50)) labels[kRack] = dice.pick(Names{"r1", "r2", "r3"});
  if (dice.chance(60)) labels["disk"] = dice.pick(Names{"ssd", "hdd", ""});
  if (dice.chance(60)) labels["gen"] = dice.pick(Names{"3", "5", "07", "x"});
  json one;
  one["metadata"] = {
      {"name", name}, {"uid", "uid-" + name}, {"resourceVersion", "1"}, {"labels", labels}};
  one["status"]["allocatable"] = allocatable(dice);
  if (dice.chance(6)) one["spec"]["unschedulable"] = true;
  if (one.contains("spec") && dice.chance(80)) {
    one["spec"]["taints"] = {
        {{"key", "node.kubernetes.io/unschedulable"}, {"effect", "NoSchedule"}}};
  }
  if (dice.chance(25)) {
    for (std::uint64_t i = 1 + dice.below(2); i > 0; --i)
      one["spec"]["taints"].push_back(taint(dice));
  }
  if (options.image_locality) one["status"]["images"] = images(dice, salt);
  if (options.declared_features && dice.chance(60)) {
    json& features = one["status"]["declaredFeatures"];
    for (const char* feature :
         {"RestartAllContainersOnContainerExits", "UserNamespacesHostNetworkSupport"}) {
      if (dice.chance(50)) features.push_back(feature);
    }
    if (features.is_null()) features = json::array();
  }
  return one;
}

json namespaces(Dice& dice) {
  json list = json::array();
  for (const std::string& name : kNamespaces) {
    json labels = {{"kubernetes.io/metadata.name", name}};
    if (dice.chance(70)) labels["env"] = dice.pick(Names{"prod", "test"});
    list.push_back(
        {{"metadata",
          {{"name", name}, {"uid", "uid-" + name}, {"resourceVersion", "1"}, {"labels", labels}}}});
  }
  return list;
}

json strategy(Dice& dice, const GeneratorOptions& options) {
  json one = {{"type", dice.pick(Names{"LeastAllocated", "MostAllocated"})}};
  if (options.requested_to_capacity_ratio && dice.chance(40)) {
    one["type"] = "RequestedToCapacityRatio";
    one["requestedToCapacityRatio"]["shape"] = dice.pick(std::vector<json>{
        {{{"utilization", 0}, {"score", 0}}, {{"utilization", 100}, {"score", 10}}},
        {{{"utilization", 0}, {"score", 10}}, {{"utilization", 100}, {"score", 0}}},
        {{{"utilization", 10}, {"score", 2}},
         {{"utilization", 40}, {"score", 9}},
         {{"utilization", 75}, {"score", 3}}}});
  }
  for (const char* name : {"cpu", "memory", "nvidia.com/gpu", "ephemeral-storage"}) {
    if (dice.chance(60))
      one["resources"].push_back(
          {{"name", name}, {"weight", dice.pick(std::vector<int>{1, 1, 3, 100})}});
  }
  if (!one.contains("resources")) one["resources"] = {{{"name", "cpu"}, {"weight", 1}}};
  return one;
}

void addArgs(json& profile, const char* plugin, json args) {
  profile["pluginConfig"].push_back({{"name", plugin}, {"args", std::move(args)}});
}

json defaultConstraints(Dice& dice) {
  json constraints = json::array();
  Names keys = {kZone, kHost, kRack};
  for (std::uint64_t i = 1 + dice.below(2); i > 0; --i) {
    const std::size_t which = dice.below(keys.size());
    json one = {{"maxSkew", dice.between(1, 3)},
                {"topologyKey", keys[which]},
                {"whenUnsatisfiable", dice.pick(Names{"DoNotSchedule", "ScheduleAnyway"})}};
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(which));
    constraints.push_back(std::move(one));
  }
  return constraints;
}

void addRandomArgs(Dice& dice, const GeneratorOptions& options, json& profile) {
  json fit = json::object();
  if (dice.chance(70)) fit["scoringStrategy"] = strategy(dice, options);
  if (dice.chance(20)) fit["ignoredResources"] = {"example.com/nic"};
  if (dice.chance(20)) fit["ignoredResourceGroups"] = {"nvidia.com"};
  addArgs(profile, "NodeResourcesFit", std::move(fit));
  if (options.pod_affinity && dice.chance(60)) {
    addArgs(profile, "InterPodAffinity",
            {{"hardPodAffinityWeight", dice.pick(std::vector<int>{0, 1, 5, 100})},
             {"ignorePreferredTermsOfExistingPods", dice.chance(30)}});
  }
  if (options.balanced_allocation && dice.chance(50)) {
    addArgs(profile, "NodeResourcesBalancedAllocation",
            {{"resources",
              {{{"name", "cpu"}, {"weight", 1}},
               {{"name", "memory"}, {"weight", 1}},
               {{"name", "nvidia.com/gpu"}, {"weight", 1}}}}});
  }
  if (options.added_affinity && dice.chance(30)) {
    addArgs(profile, "NodeAffinity",
            {{"addedAffinity",
              {{"requiredDuringSchedulingIgnoredDuringExecution",
                {{"nodeSelectorTerms",
                  {{{"matchExpressions",
                     {{{"key", "disk"},
                       {"operator", dice.pick(Names{"Exists", "NotIn"})},
                       {"values", json::array()}}}}}}}}}}}});
    json& requirement =
        profile["pluginConfig"]
            .back()["args"]["addedAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
                   ["nodeSelectorTerms"][0]["matchExpressions"][0];
    if (requirement["operator"] == "NotIn") requirement["values"] = {"hdd"};
  }
  if (options.topology_spread && dice.chance(50)) {
    json constraints = json::array();
    if (options.default_spreading && dice.chance(80)) constraints = defaultConstraints(dice);
    addArgs(profile, "PodTopologySpread",
            {{"defaultingType", "List"}, {"defaultConstraints", constraints}});
  }
}

// Profiles differ in what they score with and by how much; all filters are on.
std::string configuration(Dice& dice, const GeneratorOptions& options, bool plain) {
  json profile = {{"schedulerName", "stowage-scheduler"}};
  json& score = profile["plugins"]["score"];
  // Without claims it gives every node 0: there is nothing to compare.
  score["disabled"].push_back({{"name", "DynamicResources"}});
  if (!options.balanced_allocation)
    score["disabled"].push_back({{"name", "NodeResourcesBalancedAllocation"}});
  if (!options.image_locality) score["disabled"].push_back({{"name", "ImageLocality"}});
  if (!plain) {
    if (dice.chance(40))
      score["enabled"].push_back({{"name", "TaintToleration"}, {"weight", dice.between(1, 20)}});
    if (dice.chance(40))
      score["enabled"].push_back({{"name", "NodeAffinity"}, {"weight", dice.between(1, 20)}});
    addRandomArgs(dice, options, profile);
  }
  // As upstream's default without services and the like to spread by.
  const json all = {{"apiVersion", "kubescheduler.config.k8s.io/v1"},
                    {"kind", "KubeSchedulerConfiguration"},
                    {"profiles", {profile}}};
  return all.dump();
}

// A third of the clusters has storage; there most pods have volumes.
void addVolumes(Dice& dice, std::size_t nodes, json& question) {
  VolumeMaker volumes(dice, nodes);
  volumes.addObjects(question);
  for (json& pod : question["pods"]) {
    if (dice.chance(80)) volumes.use(pod);
  }
  for (json& pod : question["placed"]) {
    if (dice.chance(50)) volumes.use(pod);
  }
}

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return Dice(a ^ (b * 0x9e3779b97f4a7c15ULL)).next();
}

}  // namespace

GeneratorOptions builtFeatures() {
  GeneratorOptions built;
  built.pod_level_resources = true;
  built.added_affinity = true;
  built.balanced_allocation = true;
  built.requested_to_capacity_ratio = true;
  built.declared_features = true;
  built.image_locality = true;
  built.volumes = true;
  built.pod_affinity = true;
  built.topology_spread = true;
  built.default_spreading = true;
  built.nominated = true;
  built.preemption = true;
  return built;
}

std::vector<std::string> filtersThatMustSayNo(const GeneratorOptions& options) {
  Names names = {"NodeUnschedulable", "NodeName",  "TaintToleration",
                 "NodeAffinity",      "NodePorts", "NodeResourcesFit"};
  if (options.pod_affinity) names.emplace_back("InterPodAffinity");
  if (options.topology_spread) names.emplace_back("PodTopologySpread");
  if (options.declared_features) names.emplace_back("NodeDeclaredFeatures");
  if (options.volumes) {
    for (const char* name :
         {"VolumeRestrictions", "NodeVolumeLimits", "VolumeBinding", "VolumeZone"}) {
      names.emplace_back(name);
    }
  }
  return names;
}

json makeCase(std::uint64_t seed, std::uint64_t index, const GeneratorOptions& options) {
  Dice dice(mixed(seed, index));
  const std::uint64_t which = dice.below(kConfigurations);
  Dice config_dice(mixed(seed, ~which));
  json result = {{"config", configuration(config_dice, options, which < kConfigurations / 4)},
                 {"preempt", options.preemption},
                 {"namespaces", namespaces(dice)},
                 {"nodes", json::array()},
                 {"placed", json::array()},
                 {"pods", json::array()}};
  const std::size_t nodes = 1 + dice.below(dice.chance(50) ? 5 : 16);
  for (std::size_t i = 0; i < nodes; ++i) result["nodes"].push_back(node(dice, options, i, index));
  PodMaker pods(dice, options, nodes);
  for (std::uint64_t i = 0, n = dice.below(nodes * 3 + 1); i < n; ++i) {
    const std::string on = "node-" + std::to_string(dice.below(nodes + (dice.chance(5) ? 1 : 0)));
    result["placed"].push_back(pods.placed("placed-" + std::to_string(i), on));
  }
  for (std::uint64_t i = 0, n = 1 + dice.below(6); i < n; ++i) {
    result["pods"].push_back(pods.pending("pod-" + std::to_string(i)));
  }
  if (options.nominated) {
    for (std::uint64_t i = dice.below(4); i > 0; --i) {
      json one = pods.pending("nominated-" + std::to_string(i));
      one["status"]["nominatedNodeName"] = "node-" + std::to_string(dice.below(nodes));
      one["spec"].erase("nodeName");
      result["nominated"].push_back(std::move(one));
    }
  }
  if (options.volumes && dice.chance(35)) addVolumes(dice, nodes, result);
  if (options.default_spreading && dice.chance(60)) addWorkloads(dice, result);
  moveToBoundary(dice, result);
  if (options.preemption) addPreemption(dice, result);
  return result;
}

}  // namespace stowage::conformance
