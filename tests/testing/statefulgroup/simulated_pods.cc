// SimulatedCluster: what happens to pods.
#include <utility>

#include "base/text.h"
#include "testing/statefulgroup/simulated_cluster.h"
#include "testing/statefulgroup/simulated_objects.h"

namespace stowage::testing {

using statefulgroup::Resource;

namespace {

Json statusesOf(const Json& containers, int starts) {
  Json statuses = Json::array();
  for (const Json& one : containers) {
    statuses.push_back({{"name", one["name"]},
                        {"image", one["image"]},
                        {"imageID", one["image"]},
                        {"containerID", "c" + std::to_string(starts)},
                        {"restartCount", starts},
                        {"resources", one.value("resources", Json::object())}});
  }
  return statuses;
}

void setCondition(Json& pod, Json condition) {
  Json& all = pod["status"]["conditions"];
  if (!all.is_array()) all = Json::array();
  for (Json& one : all) {
    if (one["type"] != condition["type"]) continue;
    one = std::move(condition);
    return;
  }
  all.push_back(std::move(condition));
}

}  // namespace

bool SimulatedCluster::isReady(const std::string& pod) const {
  const Json* found = find(Resource::kPods, pod);
  return found != nullptr && readyCondition(*found);
}

bool SimulatedCluster::isTerminating(const std::string& pod) const {
  const Json* found = find(Resource::kPods, pod);
  return found != nullptr && isTerminatingObject(*found);
}

void SimulatedCluster::schedule(const std::string& pod) {
  Json* found = at({Resource::kPods, "ns", pod});
  if (found == nullptr || textAt(*found, "/status/phase") != "Pending") return;
  (*found)["spec"]["nodeName"] = "node-of-" + pod;
  (*found)["status"]["phase"] = "Running";
  (*found)["status"]["containerStatuses"] = statusesOf((*found)["spec"]["containers"], 0);
  touch(*found);
  setReady(pod, false);
}

void SimulatedCluster::setReady(const std::string& pod, bool ready) {
  Json* found = at({Resource::kPods, "ns", pod});
  if (found == nullptr || textAt(*found, "/status/phase") != "Running") return;
  setCondition(*found, {{"type", "Ready"},
                        {"status", ready ? "True" : "False"},
                        {"lastTransitionTime", base::formatTime(clock_->wallNow())}});
  touch(*found);
}

bool SimulatedCluster::serves(const std::string& pod) const {
  const Json* found = find(Resource::kPods, pod);
  return found != nullptr && readyCondition(*found) && !isTerminatingObject(*found) &&
         imagesIn((*found)["spec"]["containers"]) ==
             imagesIn((*found)["status"].value("containerStatuses", Json::array()));
}

void SimulatedCluster::restartContainers(const std::string& pod) {
  Json* found = at({Resource::kPods, "ns", pod});
  if (found == nullptr || textAt(*found, "/status/phase") != "Running") return;
  Json& statuses = (*found)["status"]["containerStatuses"];
  if (imagesIn((*found)["spec"]["containers"]) == imagesIn(statuses)) return;
  const Json amounts = amountsIn(statuses);
  statuses = statusesOf((*found)["spec"]["containers"], statuses[0]["restartCount"].get<int>() + 1);
  for (std::size_t i = 0; i < statuses.size(); ++i) statuses[i]["resources"] = amounts[i];
  setReady(pod, false);
}

void SimulatedCluster::resize(const std::string& pod, Resize what) {
  Json* found = at({Resource::kPods, "ns", pod});
  if (found == nullptr || textAt(*found, "/status/phase") != "Running") return;
  const Json& containers = (*found)["spec"]["containers"];
  Json& statuses = (*found)["status"]["containerStatuses"];
  const Json before = *found;
  const bool same = amountsIn(containers) == amountsIn(statuses);
  Json& conditions = (*found)["status"]["conditions"];
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (conditions[i]["type"] == "PodResizePending") conditions.erase(i);
  }
  if (!same && what != Resize::kDone)
    setCondition(*found, {{"type", "PodResizePending"},
                          {"status", "True"},
                          {"reason", what == Resize::kDeferred ? "Deferred" : "Infeasible"}});
  if (!same && what == Resize::kDone) {
    const bool restarts = containers[0].contains("resizePolicy");
    const int starts = statuses[0]["restartCount"].get<int>() + (restarts ? 1 : 0);
    statuses = statusesOf(containers, starts);
    if (restarts) setReady(pod, false);
  }
  if (*found != before) touch(*found);
}

void SimulatedCluster::setClaimStatus(const std::string& claim, const Json& status) {
  Json* found = at({Resource::kClaims, "ns", claim});
  if (found == nullptr) return;
  (*found)["status"].merge_patch(status);
  touch(*found);
}

// Pods of the names of evicted ones stay evicted (two minutes, which no test here waits for).
void SimulatedCluster::forgetEvicted(Json& budget) {
  if (!budget["status"].contains("disruptedPods")) return;
  Json& evicted = budget["status"]["disruptedPods"];
  const std::size_t before = evicted.size();
  Json left = Json::object();
  for (const auto& [pod, since] : evicted.items()) {
    if (find(Resource::kPods, pod) != nullptr && !isTerminating(pod)) left[pod] = since;
  }
  evicted = std::move(left);
  if (evicted.size() != before) touch(budget);
}

void SimulatedCluster::bindClaim(const std::string& claim, const std::string& volume) {
  Json* found = at({Resource::kClaims, "ns", claim});
  if (found == nullptr) return;
  (*found)["spec"]["volumeName"] = volume;
  touch(*found);
}

void SimulatedCluster::setVolume(const std::string& volume, const Json& object) {
  if (object.is_null()) {
    objects_.erase({Resource::kVolumes, volume});
    return;
  }
  Json& made = objects_[{Resource::kVolumes, volume}] = object;
  made["metadata"]["name"] = volume;
}

void SimulatedCluster::setNode(const std::string& node, bool there) {
  if (there) {
    objects_[{Resource::kNodes, node}] = {{"metadata", {{"name", node}}}};
  } else {
    objects_.erase({Resource::kNodes, node});
  }
}

void SimulatedCluster::countHealthy() {
  for (auto& [key, budget] : objects_) {
    if (key.first != Resource::kBudgets) continue;
    int healthy = 0;
    for (const auto& [other, pod] : objects_) {
      if (other.first == Resource::kPods && selects(budget, pod) && readyCondition(pod) &&
          !isTerminatingObject(pod) && !takenForEvicted(budget, other.second))
        ++healthy;
    }
    forgetEvicted(budget);
    if (budget["status"].value("currentHealthy", -1) == healthy) continue;
    budget["status"]["currentHealthy"] = healthy;
    touch(budget);
  }
}

void SimulatedCluster::setRole(const std::string& pod, const std::string& role) {
  Json* found = at({Resource::kPods, "ns", pod});
  if (found == nullptr) return;
  (*found)["metadata"]["labels"]["stowage.dev/role"] = role;
  touch(*found);
}

void SimulatedCluster::finish(const std::string& pod) {
  if (isTerminating(pod)) erase({Resource::kPods, pod});
}

void SimulatedCluster::end(const std::string& pod, const std::string& phase) {
  Json* found = at({Resource::kPods, "ns", pod});
  if (found == nullptr || textAt(*found, "/status/phase") != "Running") return;
  (*found)["status"]["phase"] = phase;
  (*found)["status"]["conditions"] = Json::array();
  touch(*found);
}

void SimulatedCluster::drain(const std::string& pod) {
  const auto lives = std::exchange(lives_, std::nullopt);
  const auto told = std::exchange(on_write, nullptr);
  const int writes = writes_;
  evict({Resource::kPods, "ns", pod}, {});
  writes_ = writes;  // not the operator's
  lives_ = lives;
  on_write = told;
}

}  // namespace stowage::testing
