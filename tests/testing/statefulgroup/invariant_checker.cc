#include "testing/statefulgroup/invariant_checker.h"

#include <algorithm>
#include <utility>

#include "testing/statefulgroup/group_facts.h"

namespace stowage::testing {

using statefulgroup::Resource;

namespace {

// "db-0-1" -> {"0", 1}
std::pair<std::string, int> placeOf(const std::string& pod) {
  const auto last = pod.rfind('-');
  const auto before = pod.rfind('-', last - 1);
  return {pod.substr(before + 1, last - before - 1), std::stoi(pod.substr(last + 1))};
}

std::string ownerOf(const Json& object) {
  for (const Json& owner : object["metadata"].value("ownerReferences", Json::array())) {
    if (owner.value("controller", false)) return owner["uid"].get<std::string>();
  }
  return {};
}

bool changesImage(const Json& pod, const Json& patch) {
  if (!patch.contains("/spec/containers"_json_pointer)) return false;
  const Json& after = patch["spec"]["containers"];
  return !std::equal(after.begin(), after.end(), pod["spec"]["containers"].begin(),
                     pod["spec"]["containers"].end(),
                     [](const Json& a, const Json& b) { return a["image"] == b["image"]; });
}

}  // namespace

void InvariantChecker::judge(const std::string& verb, const SimulatedCluster::Key& object,
                             const Json& body, const SimulatedCluster& before) {
  const Json* group = before.find(Resource::kGroups, group_);
  if (group == nullptr) return violated("I4 " + verb + " without a group");
  const Json* target = before.find(object.first, object.second);
  const std::string uid = (*group)["metadata"]["uid"].get<std::string>();
  if (target != nullptr && object.first != Resource::kGroups) {
    if (const std::string owner = ownerOf(*target); !owner.empty() && owner != uid)
      violated("I5 " + verb + " on " + object.second + ", which somebody else owns");
  }
  if ((*group)["spec"]["managementPolicy"] == "Paused" && verb != "replace" &&
      !(*group)["metadata"].contains("deletionTimestamp"))
    violated("I10 " + verb + " " + object.second + " while paused");
  if (object.first == Resource::kPods && (verb == "evict" || verb == "remove"))
    judgeRemoval(object.second, before, *group);
  // Another image restarts the container: nobody is asked for a budget.
  if (object.first == Resource::kPods && verb == "patch" && target != nullptr &&
      changesImage(*target, body))
    judgeRemoval(object.second, before, *group);
  if (object.first == Resource::kClaims && verb == "remove")
    judgeClaim(object.second, before, *group);
  if (object.first == Resource::kPods && verb == "create") judgeCreation(body, before);
}

// I1, I2: a pod that serves is taken away only while enough others do, and nobody else is leaving.
void InvariantChecker::judgeRemoval(const std::string& pod, const SimulatedCluster& before,
                                    const Json& group) {
  if (!before.isReady(pod) || before.isTerminating(pod) || isStopping(group)) return;
  const auto [shard, ordinal] = placeOf(pod);
  const Json& spec = group["spec"];
  const std::vector<int> wanted = wantedIn(spec, shard);
  if (wanted.empty()) return;  // its shard is given up
  int there = 0;
  int serving = 0;
  for (const std::string& other : before.names(Resource::kPods)) {
    if (placeOf(other).first != shard) continue;
    ++there;
    if (other == pod) continue;
    if (before.isTerminating(other)) violated("I2 " + pod + " while " + other + " terminates");
    if (before.isReady(other) && !before.isTerminating(other) && !before.serves(other))
      violated("I2 " + pod + " while " + other + " is about to be restarted");
    serving += before.serves(other) ? 1 : 0;
  }
  const bool leaves = std::find(wanted.begin(), wanted.end(), ordinal) == wanted.end();
  const int members = std::max(there, static_cast<int>(wanted.size()));
  // Those that stay must be a majority of those that are members afterwards.
  const int after = leaves ? members - 1 : members;
  const bool single_allowed = members == 1 && spec["disruption"]["singleReplica"] == "Allow";
  if (serving < after / 2 + 1 && !single_allowed)
    violated("I1 " + pod + ": " + std::to_string(serving) + " of " + std::to_string(after) +
             " would serve");
}

// I4
void InvariantChecker::judgeClaim(const std::string& claim, const SimulatedCluster& before,
                                  const Json& group) {
  const std::string pod = claim.substr(claim.find('-') + 1);
  const auto [shard, ordinal] = placeOf(pod);
  const std::vector<int> wanted = wantedIn(group["spec"], shard);
  if (std::find(wanted.begin(), wanted.end(), ordinal) != wanted.end() &&
      group["spec"]["persistentVolumeClaimRetentionPolicy"]["whenReplaced"] == "Delete" &&
      group["spec"]["recovery"]["volumeLoss"] == "Replace")
    return judgeReplacement(claim, shard, static_cast<int>(wanted.size()), before);
  if (group["spec"]["persistentVolumeClaimRetentionPolicy"]["whenScaled"] != "Delete")
    violated("I4 " + claim + " deleted without consent");
  if (std::find(wanted.begin(), wanted.end(), ordinal) != wanted.end())
    violated("I4 " + claim + " deleted although its member is wanted");
  if (before.find(Resource::kPods, pod) != nullptr)
    violated("I4 " + claim + " deleted under its pod");
}

// I4: what is given up is lost, and the others hold the shard.
void InvariantChecker::judgeReplacement(const std::string& claim, const std::string& shard,
                                        int members, const SimulatedCluster& before) {
  const Json& object = *before.find(Resource::kClaims, claim);
  const Json* volume = before.find(Resource::kVolumes, object["spec"].value("volumeName", ""));
  const bool lost = volume == nullptr ? object["status"]["phase"] == "Lost"
                                      : (*volume)["metadata"].contains("deletionTimestamp") ||
                                            (*volume)["spec"].contains("nodeAffinity");
  if (!lost) violated("I4 " + claim + " replaced although its volume is there");
  int serving = 0;
  for (const std::string& pod : before.names(Resource::kPods))
    serving += placeOf(pod).first == shard && before.serves(pod) ? 1 : 0;
  if (serving < members / 2 + 1 || serving == 0)
    violated("I4 " + claim + " replaced while only " + std::to_string(serving) + " serve");
}

// I7
void InvariantChecker::judgeCreation(const Json& pod, const SimulatedCluster& before) {
  for (const Json& volume : pod["spec"].value("volumes", Json::array())) {
    if (!volume.contains("persistentVolumeClaim")) continue;
    const std::string claim = volume["persistentVolumeClaim"]["claimName"].get<std::string>();
    if (before.find(Resource::kClaims, claim) == nullptr)
      violated("I7 " + pod["metadata"]["name"].get<std::string>() + " made before " + claim);
  }
}

}  // namespace stowage::testing
