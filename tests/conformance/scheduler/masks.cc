// Documented deviations that make a case incomparable (docs/deviations.md).
#include <set>

#include "conformance/scheduler/comparison.h"

namespace stowage::conformance {
namespace {

using nlohmann::json;

// "A pod-level request in binary units with a fraction": upstream adds the overhead again.
bool hasPodLevelFraction(const json& pod) {
  const json::json_pointer memory("/spec/resources/requests/memory");
  if (!pod.contains(memory)) return false;
  const std::string amount = pod.at(memory).get<std::string>();
  return amount.find('.') != std::string::npos && amount.ends_with("i");
}

// "Sums of requests never wrap": one amount this large is enough to wrap upstream's sum.
bool hasHugeRequest(const json& pod) {
  const json::json_pointer containers("/spec/containers");
  if (!pod.contains(containers)) return false;
  for (const json& container : pod.at(containers)) {
    const json::json_pointer memory("/resources/requests/memory");
    if (container.contains(memory) && container.at(memory).get<std::string>().size() >= 18) {
      return true;
    }
  }
  return false;
}

// "A namespaceSelector that no labels at all would meet": upstream lets it select every namespace.
bool selectsUnlabelled(const json& term) {
  if (!term.contains("namespaceSelector")) return false;
  const json& selector = term["namespaceSelector"];
  if (selector.contains("matchLabels") && !selector["matchLabels"].empty()) return false;
  if (!selector.contains("matchExpressions") || selector["matchExpressions"].empty()) return false;
  for (const json& one : selector["matchExpressions"]) {
    if (one["operator"] != "DoesNotExist" && one["operator"] != "NotIn") return false;
  }
  return true;
}

bool hasTermForUnlabelled(const json& pod) {
  for (const char* kind : {"podAffinity", "podAntiAffinity"}) {
    const json::json_pointer at("/spec/affinity");
    if (!pod.contains(at / kind)) continue;
    for (const auto& [when, terms] : pod.at(at / kind).items()) {
      for (const json& term : terms) {
        const bool weighted = term.contains("podAffinityTerm");
        if (selectsUnlabelled(weighted ? term["podAffinityTerm"] : term)) return true;
      }
    }
  }
  return false;
}

// "A claim that a pod names in two volumes": upstream asks for a volume for each of them.
bool namesClaimTwice(const json& pod) {
  const json::json_pointer volumes("/spec/volumes");
  if (!pod.contains(volumes)) return false;
  std::set<std::string> claims;
  for (const json& volume : pod.at(volumes)) {
    if (!volume.contains("persistentVolumeClaim")) continue;
    if (!claims.insert(volume["persistentVolumeClaim"].value("claimName", "")).second) {
      return true;
    }
  }
  return false;
}

// "A ReadWriteOncePod claim that a pod of an unknown node uses": upstream forgets such pods.
bool usesClaimElsewhere(const json& question) {
  std::set<std::string> nodes;
  for (const json& node : question["nodes"]) nodes.insert(node["metadata"]["name"]);
  for (const json& pod : question["placed"]) {
    if (nodes.contains(pod["spec"].value("nodeName", ""))) continue;
    const json::json_pointer volumes("/spec/volumes");
    if (!pod.contains(volumes)) continue;
    for (const json& volume : pod.at(volumes)) {
      if (volume.contains("persistentVolumeClaim")) return true;
    }
  }
  return false;
}

}  // namespace

std::string maskOf(const json& question) {
  for (const char* list : {"placed", "pods", "nominated"}) {
    if (!question.contains(list)) continue;
    for (const json& pod : question[list]) {
      if (hasPodLevelFraction(pod)) return "pod-level request with a binary fraction";
      if (hasHugeRequest(pod)) return "requests whose sum wraps";
    }
  }
  for (const json& pod : question["pods"]) {
    if (hasTermForUnlabelled(pod)) return "namespaceSelector that matches no labels";
    if (namesClaimTwice(pod)) return "claim named twice";
  }
  if (usesClaimElsewhere(question)) return "claim used on an unknown node";
  return "";
}

}  // namespace stowage::conformance
