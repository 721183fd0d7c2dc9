// What pods say about other pods: labels selected, affinity, spreading.
#include "conformance/scheduler/pod_maker.h"
#include "conformance/scheduler/vocabulary.h"

namespace stowage::conformance {
namespace {

// The API server writes match(Mis)LabelKeys into the selector when it stores the pod
// (pkg/registry/core/pod/strategy.go, v1.36.3); the keys stay beside it.
void mergeLabelKeys(json& holder, const json& labels, const char* field, const char* op) {
  if (!holder.contains(field)) return;
  for (const std::string key : holder[field]) {
    if (!labels.contains(key)) continue;
    holder["labelSelector"]["matchExpressions"].push_back(
        {{"key", key}, {"operator", op}, {"values", {labels[key]}}});
  }
}

}  // namespace

json PodMaker::labelSelector(const json& own_labels) {
  json selector = json::object();
  if (dice_.chance(5)) return selector;  // everything
  if (dice_.chance(70)) {
    const bool own = dice_.chance(60) && own_labels.contains("app");
    selector["matchLabels"]["app"] = own ? own_labels["app"].get<std::string>() : dice_.pick(kApps);
  }
  if (selector.empty() || dice_.chance(25)) {
    const std::string op = dice_.pick(Names{"In", "NotIn", "Exists", "DoesNotExist"});
    json one = {{"key", dice_.pick(Names{"tier", "app", "absent"})}, {"operator", op}};
    if (op == "In" || op == "NotIn") {
      for (std::uint64_t i = 1 + dice_.below(2); i > 0; --i) {
        one["values"].push_back(one["key"] == "app" ? dice_.pick(kApps) : dice_.pick(kTiers));
      }
    }
    selector["matchExpressions"].push_back(std::move(one));
  }
  return selector;
}

json PodMaker::affinityTerm(const json& pod) {
  static const Names kKeys = {kZone, kZone, kHost, kHost, kRack, kRegion};
  const json& labels = pod["metadata"]["labels"];
  json term = {{"topologyKey", dice_.chance(3) ? "absent" : dice_.pick(kKeys)}};
  if (dice_.chance(94)) term["labelSelector"] = labelSelector(labels);
  if (dice_.chance(15)) {
    for (std::uint64_t i = 1 + dice_.below(2); i > 0; --i) {
      term["namespaces"].push_back(dice_.pick(kNamespaces));
    }
  }
  if (dice_.chance(12)) {
    term["namespaceSelector"] = json::object();
  } else if (dice_.chance(14)) {
    term["namespaceSelector"]["matchLabels"]["env"] = dice_.pick(Names{"prod", "test"});
  } else if (dice_.chance(1)) {
    term["namespaceSelector"]["matchExpressions"] = {
        {{"key", "env"}, {"operator", dice_.pick(Names{"DoesNotExist", "Exists"})}}};
  }
  if (term.contains("labelSelector") && dice_.chance(15)) {
    const bool match = dice_.chance(50);
    term[match ? "matchLabelKeys" : "mismatchLabelKeys"] = {kHash};
    mergeLabelKeys(term, labels, "matchLabelKeys", "In");
    mergeLabelKeys(term, labels, "mismatchLabelKeys", "NotIn");
  }
  return term;
}

void PodMaker::podAffinity(json& pod, unsigned percent) {
  if (!dice_.chance(percent)) return;
  json& affinity = pod["spec"]["affinity"];
  const auto required = [&](const char* kind, unsigned chance) {
    if (!dice_.chance(chance)) return;
    json& terms = affinity[kind]["requiredDuringSchedulingIgnoredDuringExecution"];
    for (std::uint64_t i = dice_.chance(20) ? 2 : 1; i > 0; --i) terms.push_back(affinityTerm(pod));
  };
  const auto preferred = [&](const char* kind, unsigned chance) {
    if (!dice_.chance(chance)) return;
    json& terms = affinity[kind]["preferredDuringSchedulingIgnoredDuringExecution"];
    for (std::uint64_t i = dice_.chance(30) ? 2 : 1; i > 0; --i) {
      terms.push_back({{"weight", dice_.between(1, 100)}, {"podAffinityTerm", affinityTerm(pod)}});
    }
  };
  required("podAffinity", 30);
  required("podAntiAffinity", 35);
  preferred("podAffinity", 35);
  preferred("podAntiAffinity", 35);
  if (affinity.is_null()) pod["spec"].erase("affinity");
}

void PodMaker::spread(json& pod, unsigned percent) {
  static const Names kKeys = {kZone, kZone, kHost, kHost, kRack, "absent"};
  if (!dice_.chance(percent)) return;
  const json& labels = pod["metadata"]["labels"];
  json constraints = json::array();
  for (std::uint64_t i = 1 + dice_.below(3); i > 0; --i) {
    const bool hard = dice_.chance(60);
    json one = {{"maxSkew", dice_.pick(std::vector<int>{1, 1, 1, 2, 3})},
                {"topologyKey", dice_.pick(kKeys)},
                {"whenUnsatisfiable", hard ? "DoNotSchedule" : "ScheduleAnyway"}};
    if (one["topologyKey"] == "absent" && dice_.chance(60)) one["topologyKey"] = kZone;
    bool repeated = false;  // the API server refuses such a pod
    for (const json& other : constraints) {
      repeated |= other["topologyKey"] == one["topologyKey"] &&
                  other["whenUnsatisfiable"] == one["whenUnsatisfiable"];
    }
    if (repeated) continue;
    if (dice_.chance(95)) one["labelSelector"] = labelSelector(labels);
    if (hard && dice_.chance(20)) one["minDomains"] = dice_.between(1, 5);
    if (dice_.chance(25)) one["nodeAffinityPolicy"] = dice_.pick(Names{"Honor", "Ignore"});
    if (dice_.chance(25)) one["nodeTaintsPolicy"] = dice_.pick(Names{"Honor", "Ignore"});
    if (one.contains("labelSelector") && dice_.chance(15)) {
      one["matchLabelKeys"] = {kHash};
      // Servers before 1.34 stored the keys only.
      if (dice_.chance(50)) mergeLabelKeys(one, labels, "matchLabelKeys", "In");
    }
    constraints.push_back(std::move(one));
  }
  pod["spec"]["topologySpreadConstraints"] = std::move(constraints);
}

}  // namespace stowage::conformance
