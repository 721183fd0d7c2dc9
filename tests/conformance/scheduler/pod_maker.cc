#include "conformance/scheduler/pod_maker.h"

#include "conformance/scheduler/vocabulary.h"

namespace stowage::conformance {

std::string PodMaker::nodeName() { return "node-" + std::to_string(dice_.below(nodes_ + 1)); }

json PodMaker::labels() {
  json labels = json::object();
  if (dice_.chance(90)) labels["app"] = dice_.pick(kApps);
  if (dice_.chance(50)) labels["tier"] = dice_.pick(kTiers);
  if (dice_.chance(50)) labels[kHash] = dice_.pick(kHashes);
  return labels;
}

json PodMaker::requests() {
  static const Names kCpu = {"0", "100m", "250m",  "250m", "500m", "500m",
                             "1", "1",    "1500m", "2",    "0.1",  "333m"};
  static const Names kMemory = {"0",   "64Mi", "128Mi",      "256Mi", "512Mi", "512Mi",
                                "1Gi", "1Gi",  "1000000000", "2Gi",   "1.5Gi", "500M"};
  json list = json::object();
  if (dice_.chance(75)) list["cpu"] = dice_.pick(kCpu);
  if (dice_.chance(70)) list["memory"] = dice_.pick(kMemory);
  if (dice_.chance(12)) list["ephemeral-storage"] = dice_.pick(Names{"1Gi", "100Mi", "5G", "0"});
  if (dice_.chance(7)) {
    const std::string name = dice_.pick(kScalars);
    list[name] = name == "hugepages-2Mi" ? dice_.pick(Names{"2Mi", "4Mi", "64Mi"})
                                         : dice_.pick(Names{"1", "1", "2", "3", "0"});
  }
  return list;
}

json PodMaker::container(const std::string& name, bool ports) {
  json one = {{"name", name}, {"image", dice_.pick(kImages)}};
  one["resources"]["requests"] = requests();
  if (!ports || !dice_.chance(20)) return one;
  for (std::uint64_t i = 1 + dice_.below(2); i > 0; --i) {
    json port = {{"containerPort", 80}, {"protocol", dice_.pick(Names{"TCP", "TCP", "UDP"})}};
    if (dice_.chance(85)) port["hostPort"] = dice_.pick(std::vector<int>{8080, 9090, 53});
    if (dice_.chance(40)) {
      port["hostIP"] = dice_.pick(Names{"10.0.0.1", "127.0.0.1", "0.0.0.0", "::"});
    }
    one["ports"].push_back(std::move(port));
  }
  return one;
}

void PodMaker::resources(json& spec) {
  for (std::uint64_t i = dice_.chance(25) ? 2 : 1; i > 0; --i) {
    spec["containers"].push_back(container("c" + std::to_string(i), true));
  }
  if (dice_.chance(25)) {
    for (std::uint64_t i = 1 + dice_.below(3); i > 0; --i) {
      json one = container("i" + std::to_string(i), dice_.chance(50));
      if (dice_.chance(50)) one["restartPolicy"] = "Always";
      spec["initContainers"].push_back(std::move(one));
    }
  }
  if (dice_.chance(8)) spec["overhead"] = {{"cpu", "250m"}, {"memory", "120Mi"}};
  if (options_.pod_level_resources && dice_.chance(8)) {
    // Not 1.5Gi: docs/deviations.md, "counted once with the overhead".
    json level = json::object();
    if (dice_.chance(80)) level["cpu"] = dice_.pick(Names{"500m", "1", "2"});
    if (dice_.chance(60)) level["memory"] = dice_.pick(Names{"512Mi", "1Gi", "2Gi"});
    spec["resources"]["requests"] = std::move(level);
  }
}

// What the kubelet reports of a resize that is under way: such pods count as the larger of both.
void PodMaker::resizes(json& pod) {
  json& status = pod["status"];
  const auto report = [&](const json& containers, const char* field) {
    for (const json& one : containers) {
      if (!dice_.chance(70)) continue;
      json of = {{"name", one["name"]}};
      if (dice_.chance(80)) of["resources"]["requests"] = requests();
      if (dice_.chance(70)) of["allocatedResources"] = requests();
      status[field].push_back(std::move(of));
    }
  };
  report(pod["spec"]["containers"], "containerStatuses");
  if (pod["spec"].contains("initContainers")) {
    report(pod["spec"]["initContainers"], "initContainerStatuses");
  }
  if (dice_.chance(40)) {
    status["conditions"] = {{{"type", "PodResizePending"},
                             {"status", "True"},
                             {"reason", dice_.pick(Names{"Infeasible", "Deferred"})}}};
  }
  if (dice_.chance(20)) status["resources"]["requests"] = {{"cpu", "1"}, {"memory", "1Gi"}};
  if (dice_.chance(20)) status["allocatedResources"] = {{"cpu", "750m"}, {"memory", "2Gi"}};
}

json PodMaker::nodeRequirement() {
  const std::string key = dice_.pick(kNodeKeys);
  const std::string op =
      dice_.pick(Names{"In", "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"});
  json one = {{"key", key}, {"operator", op}};
  if (op == "Gt" || op == "Lt") {
    one["key"] = "gen";
    one["values"] = {dice_.pick(Names{"2", "3", "4", "5", "6"})};
  } else if (op == "In" || op == "NotIn") {
    for (std::uint64_t i = 1 + dice_.below(3); i > 0; --i) {
      one["values"].push_back(key == kZone ? dice_.pick(kZones) : dice_.pick(kNodeValues));
    }
  }
  return one;
}

json PodMaker::nodeTerm() {
  json term = json::object();
  for (std::uint64_t i = dice_.chance(5) ? 0 : 1 + dice_.below(2); i > 0; --i) {
    term["matchExpressions"].push_back(nodeRequirement());
  }
  if (dice_.chance(12)) {
    term["matchFields"] = {{{"key", "metadata.name"},
                            {"operator", dice_.pick(Names{"In", "In", "NotIn"})},
                            {"values", {nodeName()}}}};
    if (dice_.chance(70)) term.erase("matchExpressions");
  }
  return term;
}

void PodMaker::nodeAffinity(json& spec) {
  if (dice_.chance(6)) {
    spec["nodeSelector"] = {{dice_.pick(Names{kZone, "disk"}), dice_.pick(kNodeValues)}};
    if (dice_.chance(50)) spec["nodeSelector"] = {{kZone, dice_.pick(kZones)}};
  }
  if (dice_.chance(15)) {
    json terms = json::array();
    for (std::uint64_t i = 1 + dice_.below(2); i > 0; --i) terms.push_back(nodeTerm());
    spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        ["nodeSelectorTerms"] = std::move(terms);
  }
  if (dice_.chance(30)) {
    json preferred = json::array();
    for (std::uint64_t i = 1 + dice_.below(3); i > 0; --i) {
      preferred.push_back({{"weight", dice_.between(1, 100)}, {"preference", nodeTerm()}});
    }
    spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] =
        std::move(preferred);
  }
}

void PodMaker::tolerations(json& spec) {
  if (!dice_.chance(45)) return;
  for (std::uint64_t i = 1 + dice_.below(3); i > 0; --i) {
    json one = json::object();
    const bool exists = dice_.chance(50);
    if (exists) one["operator"] = "Exists";
    if (!exists && dice_.chance(60)) one["operator"] = "Equal";
    if (!exists || dice_.chance(85)) one["key"] = dice_.pick(kTaintKeys);
    if (dice_.chance(15)) one["key"] = "node.kubernetes.io/unschedulable";
    if (!exists) one["value"] = dice_.pick(kTaintValues);
    if (dice_.chance(60)) one["effect"] = dice_.pick(kEffects);
    if (one.value("effect", "") == "NoExecute" && dice_.chance(50)) one["tolerationSeconds"] = 300;
    spec["tolerations"].push_back(std::move(one));
  }
}

void PodMaker::declaredFeatures(json& spec) {
  if (dice_.chance(6)) {
    spec["hostNetwork"] = true;
    if (dice_.chance(70)) spec["hostUsers"] = dice_.chance(30);
  }
  if (dice_.chance(5)) {
    json& containers = spec.contains("initContainers") && dice_.chance(50) ? spec["initContainers"]
                                                                           : spec["containers"];
    containers[0]["restartPolicyRules"] = {
        {{"action", dice_.pick(Names{"RestartAllContainers", "Restart"})},
         {"exitCodes", {{"operator", "In"}, {"values", {42}}}}}};
  }
}

json PodMaker::pod(const std::string& name) {
  json one;
  one["metadata"] = {{"name", name},
                     {"namespace", dice_.pick(kNamespaces)},
                     {"uid", "uid-" + name},
                     {"resourceVersion", "1"},
                     {"labels", labels()}};
  json& spec = one["spec"];
  resources(spec);
  if (options_.image_locality && dice_.chance(8)) {
    spec["volumes"].push_back({{"name", "image"}, {"image", {{"reference", dice_.pick(kImages)}}}});
  }
  if (dice_.chance(50)) spec["priority"] = dice_.pick(std::vector<int>{0, 10, 100, 1000, -5});
  return one;
}

json PodMaker::pending(const std::string& name) {
  json one = pod(name);
  json& spec = one["spec"];
  spec["schedulerName"] = "stowage-scheduler";
  // Half of the pods are about one thing, so that filters asked late have their say.
  const bool mixed = dice_.chance(50);
  const std::uint64_t topic = dice_.below(5);
  if (mixed || topic == 0) nodeAffinity(spec);
  if (mixed || topic == 1 || dice_.chance(60)) tolerations(spec);
  if (dice_.chance(mixed ? 4 : 1)) spec["nodeName"] = nodeName();
  if (dice_.chance(10)) spec["preemptionPolicy"] = "Never";
  if (options_.declared_features && (mixed || topic == 2)) declaredFeatures(spec);
  if (options_.pod_affinity && (mixed || topic == 3)) podAffinity(one, topic == 3 ? 90 : 45);
  if (options_.topology_spread && (mixed || topic == 4)) spread(one, topic == 4 ? 90 : 35);
  const bool bound = spec.contains("nodeName");
  if (options_.nominated && !bound && dice_.chance(8))
    one["status"]["nominatedNodeName"] = nodeName();
  return one;
}

json PodMaker::placed(const std::string& name, const std::string& node) {
  json one = pod(name);
  one["spec"]["nodeName"] = node;
  one["status"]["phase"] = dice_.pick(Names{"Running", "Running", "Running", "Pending"});
  if (dice_.chance(5)) one["status"]["phase"] = dice_.pick(Names{"Succeeded", "Failed"});
  one["status"]["startTime"] = "2026-01-0" + std::to_string(1 + dice_.below(4)) + "T00:00:00Z";
  if (dice_.chance(10)) {
    one["metadata"]["deletionTimestamp"] = "2026-02-01T00:00:00Z";
    one["metadata"]["deletionGracePeriodSeconds"] = 30;
  }
  if (dice_.chance(15)) resizes(one);
  if (options_.pod_affinity) podAffinity(one, 30);
  return one;
}

}  // namespace stowage::conformance
