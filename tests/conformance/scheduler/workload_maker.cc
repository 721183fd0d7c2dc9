#include "conformance/scheduler/workload_maker.h"

#include <string>

#include "conformance/scheduler/vocabulary.h"

namespace stowage::conformance {
namespace {

using nlohmann::json;

struct ControllerKind {
  const char* list;
  const char* api_version;
  const char* kind;
};
const std::vector<ControllerKind> kControllers = {
    {"replicationControllers", "v1", "ReplicationController"},
    {"replicaSets", "apps/v1", "ReplicaSet"},
    {"statefulSets", "apps/v1", "StatefulSet"},
};

json named(const std::string& ns, const std::string& name) {
  json one;
  one["metadata"] = {{"namespace", ns},
                     {"name", name},
                     {"uid", "uid-" + ns + "-" + name},
                     {"resourceVersion", "1"}};
  return one;
}

json labels(Dice& dice) {
  json some = json::object();
  if (dice.chance(85)) some["app"] = dice.pick(kApps);
  if (dice.chance(25)) some["tier"] = dice.pick(kTiers);
  return some;
}

json labelSelector(Dice& dice) {
  json selector = json::object();
  if (dice.chance(85)) selector["matchLabels"] = labels(dice);
  if (dice.chance(25)) {
    json one = {{"key", "tier"},
                {"operator", dice.pick(Names{"Exists", "DoesNotExist", "In", "NotIn"})}};
    if (one["operator"] == "In" || one["operator"] == "NotIn") one["values"] = {dice.pick(kTiers)};
    selector["matchExpressions"].push_back(std::move(one));
  }
  return selector;
}

void addServices(Dice& dice, json& question) {
  for (const std::string& ns : kNamespaces) {
    for (std::uint64_t i = dice.below(4); i > 0; --i) {
      json service = named(ns, "service-" + std::to_string(i));
      if (dice.chance(90)) service["spec"]["selector"] = labels(dice);
      service["spec"]["type"] = "ClusterIP";
      question["services"].push_back(std::move(service));
    }
  }
}

void addControllers(Dice& dice, json& question) {
  for (const std::string& ns : kNamespaces) {
    for (const ControllerKind& kind : kControllers) {
      if (!dice.chance(60)) continue;
      json one = named(ns, "owner");
      const bool labels_only = std::string(kind.kind) == "ReplicationController";
      if (dice.chance(92)) {
        one["spec"]["selector"] = labels_only ? labels(dice) : labelSelector(dice);
      }
      one["spec"]["replicas"] = 3;
      question[kind.list].push_back(std::move(one));
    }
  }
}

void addOwner(Dice& dice, json& pod) {
  const ControllerKind kind = dice.pick(kControllers);
  json owner = {{"apiVersion", kind.api_version},
                {"kind", kind.kind},
                {"name", dice.chance(95) ? "owner" : "gone"},
                {"uid", "uid-owner"},
                {"controller", dice.chance(92)}};
  if (dice.chance(4)) owner["apiVersion"] = "example.com/v1";
  pod["metadata"]["ownerReferences"].push_back(std::move(owner));
}

}  // namespace

void addWorkloads(Dice& dice, json& question) {
  addServices(dice, question);
  addControllers(dice, question);
  for (json& pod : question["pods"]) {
    if (dice.chance(50)) addOwner(dice, pod);
    // Most pods have constraints of their own: these are the ones without.
    if (dice.chance(40)) pod["spec"].erase("topologySpreadConstraints");
  }
}

}  // namespace stowage::conformance
