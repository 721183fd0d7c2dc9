#include "testing/statefulgroup/history_judge.h"

#include <algorithm>
#include <utility>

#include "testing/statefulgroup/group_facts.h"

namespace stowage::testing {

using Json = nlohmann::json;

namespace {

std::string nameOf(const Json& object) { return object["metadata"]["name"]; }
std::string uidOf(const Json& object) { return object["metadata"]["uid"]; }

std::string labelOf(const Json& object, const char* key) {
  return object["metadata"].value("labels", Json::object()).value(key, "");
}
std::string shardOf(const Json& object) { return labelOf(object, "stowage.dev/shard"); }

bool isGoing(const Json& object) { return object["metadata"].contains("deletionTimestamp"); }

bool hasEnded(const Json& pod) {
  const std::string phase = pod.value("/status/phase"_json_pointer, "");
  return phase == "Failed" || phase == "Succeeded";
}

bool serves(const Json& pod) {
  if (isGoing(pod) || hasEnded(pod)) return false;
  for (const Json& one : pod.value("/status/conditions"_json_pointer, Json::array())) {
    if (one["type"] == "Ready") return one["status"] == "True";
  }
  return false;
}

// Its node has not given it what it is to have.
bool waitsForItsNode(const Json& pod) {
  for (const Json& one : pod.value("/status/conditions"_json_pointer, Json::array())) {
    if (one["type"] == "PodResizePending") return one["status"] == "True";
  }
  return false;
}

bool isPlaced(const Json& pod) {
  return !hasEnded(pod) && !pod.value("/spec/nodeName"_json_pointer, "").empty();
}

std::set<std::string> claimsOf(const Json& pod) {
  std::set<std::string> claims;
  for (const Json& volume : pod.value("/spec/volumes"_json_pointer, Json::array())) {
    if (volume.contains("persistentVolumeClaim"))
      claims.insert(volume["persistentVolumeClaim"]["claimName"].get<std::string>());
  }
  return claims;
}

std::string identityOf(const Json& pod) {
  const std::string group = labelOf(pod, "stowage.dev/group-uid");
  if (group.empty()) return {};
  return group + "/" + shardOf(pod) + "/" + labelOf(pod, "stowage.dev/ordinal");
}

bool isWanted(const Json& object, const Json& spec) {
  const std::vector<int> wanted = wantedIn(spec, shardOf(object));
  const int ordinal = std::stoi(labelOf(object, "stowage.dev/ordinal"));
  return std::find(wanted.begin(), wanted.end(), ordinal) != wanted.end();
}

}  // namespace

void HistoryJudge::see(const Change& change) {
  Objects& objects = objects_[change.resource];
  if (change.kind == Change::Kind::kLost) {
    objects.clear();
    return;
  }
  const auto known = objects.find(nameOf(change.object));
  const bool same = known != objects.end() && uidOf(known->second) == uidOf(change.object);
  const bool going = change.kind == Change::Kind::kGone || isGoing(change.object);
  if (same && going && !isGoing(known->second)) begunToGo(change.resource, known->second);
  if (change.kind == Change::Kind::kPut) {
    put(change.resource, change.object);
  } else if (same) {
    objects.erase(known);
  }
}

void HistoryJudge::put(const std::string& resource, const Json& object) {
  if (resource == "pods") judgeIdentity(object);
  if (resource == "statefulgroups")
    specs_[uidOf(object)][object["metadata"]["generation"].get<std::int64_t>()] = object["spec"];
  objects_[resource][nameOf(object)] = object;
}

void HistoryJudge::begunToGo(const std::string& resource, const Json& before) {
  if (!removed_.contains(uidOf(before))) return;
  if (resource == "pods") judgeRemoval(before);
  if (resource == "persistentvolumeclaims") judgeClaim(before);
}

// Names are one to an object, so that two of one identity can only be of two names; of one claim,
// whoever they are.
void HistoryJudge::judgeIdentity(const Json& pod) {
  if (hasEnded(pod)) return;
  const std::string identity = identityOf(pod);
  const std::set<std::string> claims = claimsOf(pod);
  for (const auto& [name, other] : objects_["pods"]) {
    if (uidOf(other) == uidOf(pod) || hasEnded(other)) continue;
    const std::string both = uidOf(pod) + " and " + uidOf(other);
    if (name == nameOf(pod) && known_.insert(both).second)
      violated("pod " + name + " is there twice");
    if (!identity.empty() && identity == identityOf(other) && known_.insert(both).second)
      violated("pods " + nameOf(pod) + " and " + name + " are the same member");
    for (const std::string& claim : claimsOf(other)) {
      if (claims.contains(claim) && isPlaced(pod) && isPlaced(other) && known_.insert(both).second)
        violated("pods " + nameOf(pod) + " and " + name + " have claim " + claim + " both");
    }
  }
}

const Json* HistoryJudge::groupOf(const Json& object) const {
  const std::string uid = labelOf(object, "stowage.dev/group-uid");
  const auto groups = objects_.find("statefulgroups");
  if (groups == objects_.end()) return nullptr;
  for (const auto& [name, group] : groups->second) {
    if (uidOf(group) == uid) return &group;
  }
  return nullptr;
}

std::vector<Json> HistoryJudge::specsOf(const Json& group) const {
  std::vector<Json> specs = {group["spec"]};
  const auto& all = specs_.at(uidOf(group));
  const auto seen =
      all.find(group.value("/status/observedGeneration"_json_pointer, std::int64_t{0}));
  if (seen != all.end()) specs.push_back(seen->second);
  return specs;
}

void HistoryJudge::judgeRemoval(const Json& pod) {
  if (!serves(pod)) return;  // takes nothing away
  const Json* group = groupOf(pod);
  if (group == nullptr) return violated("pod " + nameOf(pod) + " taken away without its group");
  if (isStopping(*group)) return;
  std::string why;
  for (const Json& spec : specsOf(*group)) {
    why = shortage(pod, spec);
    if (why.empty() && !hasReasonToGo(pod, *group, spec))
      why = "it was wanted, and as it should be";
    if (why.empty()) return;
  }
  violated("pod " + nameOf(pod) + " taken away: " + why);
}

// Empty: the shard can spare the pod.
std::string HistoryJudge::shortage(const Json& pod, const Json& spec) const {
  const std::vector<int> wanted = wantedIn(spec, shardOf(pod));
  if (wanted.empty()) return {};  // the shard is given up
  int there = 0;
  int serving = 0;
  for (const auto& [name, other] : objects_.at("pods")) {
    if (shardOf(other) != shardOf(pod) ||
        labelOf(other, "stowage.dev/group-uid") != labelOf(pod, "stowage.dev/group-uid"))
      continue;
    ++there;
    if (uidOf(other) != uidOf(pod)) serving += serves(other) ? 1 : 0;
  }
  const int members = std::max(there, static_cast<int>(wanted.size()));
  const int after = isWanted(pod, spec) ? members : members - 1;
  const Json disruption = spec.value("disruption", Json::object());
  if (members == 1 && disruption.value("singleReplica", "") == "Allow") return {};
  const std::string budget = disruption.value("budget", "Quorum");
  if (budget == "None") return {};
  const int needed = budget == "MinAvailable" ? disruption.value("minAvailable", 0) : after / 2 + 1;
  if (serving >= needed) return {};
  return std::to_string(serving) + " of " + std::to_string(after) + " would serve";
}

bool HistoryJudge::hasReasonToGo(const Json& pod, const Json& group, const Json& spec) const {
  const Json notes = pod["metadata"].value("annotations", Json::object());
  const bool asked_for = notes.contains("stowage.dev/replace");  // by a person
  return asked_for || !isWanted(pod, spec) || isOutdated(pod, group) || waitsForItsVolume(pod) ||
         waitsForItsNode(pod);
}

// By the newest of the group's revisions, or by the one that its status names: a rollout that
// failed may have gone back.
bool HistoryJudge::isOutdated(const Json& pod, const Json& group) const {
  const std::string revision = labelOf(pod, "controller-revision-hash");
  std::int64_t newest = -1;
  std::string name;
  if (const auto found = objects_.find("controllerrevisions"); found != objects_.end()) {
    for (const auto& [key, one] : found->second) {
      if (labelOf(one, "stowage.dev/group-uid") != uidOf(group)) continue;
      if (one["revision"].get<std::int64_t>() <= newest) continue;
      newest = one["revision"].get<std::int64_t>();
      name = key;
    }
  }
  const std::string told = group.value("/status/updateRevision"_json_pointer, "");
  return (newest >= 0 && revision != name) || (!told.empty() && revision != told);
}

// A volume that grows when its pod starts, or does not have what its claim asks for yet.
bool HistoryJudge::waitsForItsVolume(const Json& pod) const {
  const auto claims = objects_.find("persistentvolumeclaims");
  if (claims == objects_.end()) return false;
  for (const std::string& name : claimsOf(pod)) {
    const auto claim = claims->second.find(name);
    if (claim == claims->second.end()) continue;
    const Json& one = claim->second;
    if (one.value("/spec/resources/requests/storage"_json_pointer, "") !=
        one.value("/status/capacity/storage"_json_pointer, ""))
      return true;
  }
  return false;
}

void HistoryJudge::judgeClaim(const Json& claim) {
  const Json* group = groupOf(claim);
  if (group == nullptr) return violated("claim " + nameOf(claim) + " deleted without its group");
  std::string why;
  for (const Json& spec : specsOf(*group)) {
    const Json policy = spec.value("persistentVolumeClaimRetentionPolicy", Json::object());
    const bool scaled = policy.value("whenScaled", "") == "Delete" && !isWanted(claim, spec);
    const bool deleted = policy.value("whenDeleted", "") == "Delete" && isGoing(*group);
    // Lost is what the volume controller calls a claim whose volume is gone.
    const bool replaced = policy.value("whenReplaced", "") == "Delete" &&
                          spec.value("/recovery/volumeLoss"_json_pointer, "") == "Replace" &&
                          (claim.value("/status/phase"_json_pointer, "") == "Lost" ||
                           given_up_.contains(claim.value("/metadata/uid"_json_pointer, "")));
    if (scaled || deleted || replaced) return;
    why = isWanted(claim, spec) ? "its member is wanted" : "it was to be kept";
  }
  violated("claim " + nameOf(claim) + " deleted: " + why);
}

}  // namespace stowage::testing
