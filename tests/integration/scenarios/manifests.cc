#include "integration/scenarios/manifests.h"

#include "integration/scenarios/rest.h"

namespace stowage::testing {

namespace {

Json named(const std::string& kind, const std::string& ns, const std::string& name,
           const Json& brief) {
  Json object = {
      {"apiVersion", apiVersionOf(kind)}, {"kind", kind}, {"metadata", {{"name", name}}}};
  if (!ns.empty() && namespaced(kind)) object["metadata"]["namespace"] = ns;
  for (const char* field : {"labels", "annotations"}) {
    if (brief.contains(field)) object["metadata"][field] = brief[field];
  }
  return object;
}

// Fields of `from` as strings: quantities may be written as numbers.
Json asStrings(const Json& from) {
  Json strings = Json::object();
  for (const auto& [key, value] : from.items()) {
    strings[key] = value.is_string() ? value : Json(value.dump());
  }
  return strings;
}

Json onNodes(const std::string& key, const std::string& value) {
  const Json requirement = {{"key", key}, {"operator", "In"}, {"values", Json::array({value})}};
  return {
      {"required",
       {{"nodeSelectorTerms", Json::array({{{"matchExpressions", Json::array({requirement})}}})}}}};
}

}  // namespace

Json nodeOf(const std::string& name, const Json& brief) {
  Json node = named("Node", "", name, brief);
  node["metadata"]["labels"]["kubernetes.io/hostname"] = name;
  Json amounts = {{"cpu", "4"}, {"memory", "8Gi"}, {"pods", "110"}, {"ephemeral-storage", "100Gi"}};
  if (brief.contains("room")) amounts.update(asStrings(brief["room"]));
  node["status"] = {{"allocatable", amounts}, {"capacity", amounts}};
  for (const char* field : {"images", "declaredFeatures"}) {
    if (brief.contains(field)) node["status"][field] = brief[field];
  }
  for (const char* field : {"taints", "unschedulable"}) {
    if (brief.contains(field)) node["spec"][field] = brief[field];
  }
  return node;
}

Json podOf(const std::string& ns, const std::string& name, const Json& brief) {
  Json pod = named("Pod", brief.value("namespace", ns), name, brief);
  Json container = {{"name", "main"}, {"image", brief.value("image", "example.test/pause:1")}};
  const Json asks = asStrings(brief.value("asks", Json::object()));
  container["resources"]["requests"] = asks;
  for (const auto& [resource, amount] : asks.items()) {
    // Extended resources must be limited to what is asked for.
    if (resource.find('/') != std::string::npos || resource.rfind("hugepages-", 0) == 0) {
      container["resources"]["limits"][resource] = amount;
    }
  }
  if (brief.contains("ports")) container["ports"] = brief["ports"];
  pod["spec"] = {{"schedulerName", brief.value("scheduler", kScenarioScheduler)},
                 {"terminationGracePeriodSeconds", brief.value("grace", 0)},
                 {"automountServiceAccountToken", false},
                 {"enableServiceLinks", false},
                 {"containers", Json::array({container})}};
  if (brief.contains("on")) pod["spec"]["nodeName"] = brief["on"];
  if (brief.contains("class")) pod["spec"]["priorityClassName"] = brief["class"];
  for (const Json& claim : brief.value("claims", Json::array())) {
    const std::string volume = "v" + std::to_string(pod["spec"]["volumes"].size());
    pod["spec"]["volumes"].push_back(
        {{"name", volume}, {"persistentVolumeClaim", {{"claimName", claim}}}});
  }
  if (brief.contains("spec")) pod["spec"].merge_patch(brief["spec"]);
  if (brief.contains("finalizers")) pod["metadata"]["finalizers"] = brief["finalizers"];
  return pod;
}

Json podStatusOf(const Json& brief) {
  if (!brief.contains("ready") && !brief.contains("start")) return nullptr;
  Json status = {{"phase", "Running"}};
  if (brief.contains("start")) status["startTime"] = brief["start"];
  if (brief.contains("ready")) {
    status["conditions"] = Json::array({{{"type", "Ready"}, {"status", "True"}}});
  }
  return {{"status", status}};
}

Json classOf(const std::string& name, const Json& brief) {
  Json made = named("StorageClass", "", name, brief);
  made["provisioner"] = brief.value("provisioner", "kubernetes.io/no-provisioner");
  made["volumeBindingMode"] = brief.value("wait", false) ? "WaitForFirstConsumer" : "Immediate";
  if (brief.contains("allowedTopologies")) made["allowedTopologies"] = brief["allowedTopologies"];
  return made;
}

Json volumeOf(const std::string& ns, const std::string& name, const Json& brief) {
  Json volume = named("PersistentVolume", "", name, brief);
  volume["spec"] = {{"capacity", {{"storage", brief.value("size", "1Gi")}}},
                    {"accessModes", brief.value("modes", Json::array({"ReadWriteOnce"}))},
                    {"persistentVolumeReclaimPolicy", "Retain"},
                    {"storageClassName", brief.value("class", "")}};
  volume["spec"]["csi"] = {{"driver", brief.value("driver", "csi.example.test")},
                           {"volumeHandle", name}};
  if (brief.contains("node")) {
    volume["spec"]["nodeAffinity"] =
        onNodes("kubernetes.io/hostname", brief["node"].get<std::string>());
  }
  if (brief.contains("claim")) {
    volume["spec"]["claimRef"] = {{"namespace", ns}, {"name", brief["claim"]}};
  }
  return volume;
}

Json claimOf(const std::string& ns, const std::string& name, const Json& brief) {
  Json claim = named("PersistentVolumeClaim", brief.value("namespace", ns), name, brief);
  claim["spec"] = {{"accessModes", brief.value("modes", Json::array({"ReadWriteOnce"}))},
                   {"resources", {{"requests", {{"storage", brief.value("size", "1Gi")}}}}},
                   {"storageClassName", brief.value("class", "")}};
  if (brief.contains("volume")) claim["spec"]["volumeName"] = brief["volume"];
  return claim;
}

}  // namespace stowage::testing
