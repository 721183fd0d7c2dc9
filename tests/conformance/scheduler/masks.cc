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

std::set<std::string> claimsOf(const json& pod) {
  std::set<std::string> claims;
  const json::json_pointer volumes("/spec/volumes");
  if (!pod.contains(volumes)) return claims;
  const std::string ns = pod["metadata"]["namespace"];
  for (const json& volume : pod.at(volumes)) {
    if (!volume.contains("persistentVolumeClaim")) continue;
    claims.insert(ns + "/" + volume["persistentVolumeClaim"].value("claimName", ""));
  }
  return claims;
}

// "A ReadWriteOncePod claim that a pod of an unknown node uses": upstream forgets such pods.
bool usesClaimOfUnknownNode(const json& question, const json& pod) {
  const auto own = claimsOf(pod);
  if (own.empty()) return false;
  std::set<std::string> nodes;
  for (const json& node : question["nodes"]) nodes.insert(node["metadata"]["name"]);
  for (const json& placed : question["placed"]) {
    if (nodes.contains(placed["spec"].value("nodeName", ""))) continue;
    for (const std::string& claim : claimsOf(placed)) {
      if (own.contains(claim)) return true;
    }
  }
  return false;
}

bool isTerminating(const json& pod) { return pod["metadata"].contains("deletionTimestamp"); }

bool hasRequirements(const json& constraint, const json& pod) {
  if (!constraint.contains("labelSelector")) return true;  // selects nothing at all
  const json& selector = constraint["labelSelector"];
  for (const char* part : {"matchLabels", "matchExpressions"}) {
    if (selector.contains(part) && !selector[part].empty()) return true;
  }
  // Keys that the pod does not have ask for nothing.
  for (const json& key : constraint.value("matchLabelKeys", json::array())) {
    if (pod["metadata"].value("labels", json::object()).contains(key.get<std::string>()))
      return true;
  }
  return false;
}

// "Spreading counts as it always does": upstream takes pods away that it never counted.
Mask::Scope spreadsByWhatIsNotCounted(const json& question, const json& pod) {
  const json::json_pointer constraints("/spec/topologySpreadConstraints");
  bool hard = question.value("config", "").find("DoNotSchedule") != std::string::npos;
  if (pod.contains(constraints)) {
    for (const json& one : pod.at(constraints)) {
      if (one["whenUnsatisfiable"] != "DoNotSchedule") continue;
      hard = true;
      // Nominated pods are added by their selector, too.
      if (!hasRequirements(one, pod)) return Mask::Scope::kPod;
    }
  }
  if (!hard) return Mask::Scope::kNothing;
  for (const json& placed : question["placed"]) {
    const bool same = placed["metadata"]["namespace"] == pod["metadata"]["namespace"];
    if (same && isTerminating(placed)) return Mask::Scope::kPreemption;
  }
  return Mask::Scope::kNothing;
}

// Host ports, as "ip/protocol/port".
std::set<std::string> hostPortsOf(const json& pod) {
  std::set<std::string> ports;
  for (const char* list : {"containers", "initContainers"}) {
    if (!pod["spec"].contains(list)) continue;
    for (const json& container : pod["spec"][list]) {
      if (!container.contains("ports")) continue;
      for (const json& port : container["ports"]) {
        if (!port.contains("hostPort")) continue;
        ports.insert(port.value("hostIP", "0.0.0.0") + "/" + port.value("protocol", "TCP") + "/" +
                     port["hostPort"].dump());
      }
    }
  }
  return ports;
}

// "A host port that two pods of a node hold": upstream frees it when one of them leaves.
bool wantsPortsWhereTwoHoldOne(const json& question, const json& pod) {
  if (hostPortsOf(pod).empty()) return false;
  std::set<std::string> held;
  for (const json& placed : question["placed"]) {
    for (const std::string& port : hostPortsOf(placed)) {
      if (!held.insert(placed["spec"].value("nodeName", "") + "/" + port).second) return true;
    }
  }
  return false;
}

bool isExclusive(const json& claim) {
  for (const json& mode : claim["spec"]["accessModes"]) {
    if (mode == "ReadWriteOncePod") return true;
  }
  return false;
}

// "The users of a ReadWriteOncePod claim": upstream thinks that it is free once one of two users
// has left, and takes a pod for a user whose claim has that name in another namespace.
bool exclusiveClaimHasOddUsers(const json& question, const json& pod) {
  if (!question.contains("persistentVolumeClaims")) return false;
  const std::string ns = pod["metadata"]["namespace"];
  const auto own = claimsOf(pod);
  std::set<std::string> exclusive;  // names
  for (const json& claim : question["persistentVolumeClaims"]) {
    const std::string name = claim["metadata"]["name"];
    if (claim["metadata"]["namespace"] != ns || !own.contains(ns + "/" + name)) continue;
    if (isExclusive(claim)) exclusive.insert(name);
  }
  std::set<std::string> used;
  for (const json& placed : question["placed"]) {
    const bool elsewhere = placed["metadata"]["namespace"] != ns;
    for (const std::string& claim : claimsOf(placed)) {
      const std::string name = claim.substr(claim.find('/') + 1);
      if (!exclusive.contains(name)) continue;
      if (elsewhere || !used.insert(name).second) return true;
    }
  }
  return false;
}

bool hasRequiredTerms(const json& pod, std::initializer_list<const char*> kinds) {
  for (const char* kind : kinds) {
    const json::json_pointer terms = json::json_pointer("/spec/affinity") / kind /
                                     "requiredDuringSchedulingIgnoredDuringExecution";
    if (pod.contains(terms) && !pod.at(terms).empty()) return true;
  }
  return false;
}

// "The anti-affinity of a nominated pod": upstream does not see it when the pod has no terms of its
// own and no placed pod keeps it away.
bool isKeptAwayByNominated(const json& question, const json& pod) {
  if (!question.contains("nominated")) return false;
  if (hasRequiredTerms(pod, {"podAffinity", "podAntiAffinity"})) return false;
  const auto priority = [](const json& of) { return of["spec"].value("priority", 0); };
  for (const json& nominated : question["nominated"]) {
    if (priority(nominated) < priority(pod)) continue;
    if (hasRequiredTerms(nominated, {"podAntiAffinity"})) return true;
  }
  return false;
}

}  // namespace

Mask maskOfCase(const json& question) {
  for (const char* list : {"placed", "pods", "nominated"}) {
    if (!question.contains(list)) continue;
    for (const json& pod : question[list]) {
      if (hasPodLevelFraction(pod)) {
        return {"pod-level request with a binary fraction", Mask::Scope::kPod};
      }
      if (hasHugeRequest(pod)) return {"requests whose sum wraps", Mask::Scope::kPod};
    }
  }
  return {};
}

Mask maskOfPod(const json& question, const json& pod) {
  if (hasTermForUnlabelled(pod)) {
    return {"namespaceSelector that matches no labels", Mask::Scope::kPod};
  }
  if (namesClaimTwice(pod)) return {"claim named twice", Mask::Scope::kPod};
  if (usesClaimOfUnknownNode(question, pod)) {
    return {"claim used on an unknown node", Mask::Scope::kPod};
  }
  if (isKeptAwayByNominated(question, pod)) {
    return {"anti-affinity of a nominated pod", Mask::Scope::kPod};
  }
  // What leaves the whole pod out goes before what leaves out its preemption only.
  const Mask spreading{"spreading beside pods that never count",
                       spreadsByWhatIsNotCounted(question, pod)};
  if (spreading.scope == Mask::Scope::kPod) return spreading;
  if (exclusiveClaimHasOddUsers(question, pod)) {
    return {"users of an exclusive claim", Mask::Scope::kPreemption};
  }
  if (wantsPortsWhereTwoHoldOne(question, pod)) {
    return {"a host port held twice", Mask::Scope::kPreemption};
  }
  return spreading.scope == Mask::Scope::kNothing ? Mask{} : spreading;
}

}  // namespace stowage::conformance
