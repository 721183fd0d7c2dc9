#include "testing/statefulgroup/simulated_cluster.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kubeapi/decode.h"
#include "testing/statefulgroup/simulated_objects.h"

namespace stowage::testing {

using base::Code;
using statefulgroup::Answer;
using statefulgroup::DryRun;
using statefulgroup::Fence;
using statefulgroup::ObjectName;
using statefulgroup::Resource;

namespace {

Answer refusal(Code code, const std::string& reason, const std::string& message) {
  Answer answer;
  answer.code = code;
  answer.reason = reason;
  answer.message = message;
  return answer;
}

Answer notFound(const std::string& name) {
  return refusal(Code::kNotFound, "NotFound", name + " not found");
}

// What of a fence does not hold; empty: all does.
std::string broken(const Json& object, const std::string& uid, const std::string& version) {
  if (!uid.empty() && uid != textAt(object, "/metadata/uid")) return "uid differs";
  if (!version.empty() && version != textAt(object, "/metadata/resourceVersion"))
    return "the object has been modified";
  return {};
}

// Amounts change through pods/resize alone, and nothing else does there.
std::string wrongPodChange(const Json& pod, const Json& changes, std::string_view subresource) {
  if (!changes.contains("/spec/containers"_json_pointer)) return {};
  const Json& before = pod["spec"]["containers"];
  const Json& after = changes["spec"]["containers"];
  const bool resizes = amountsIn(before) != amountsIn(after);
  const bool other = imagesIn(before) != imagesIn(after);
  if (subresource == "resize" ? other : resizes) return "pod updates may not change other fields";
  return {};
}

template <typename T>
void decodeAll(const SimulatedCluster::Objects& objects, Resource resource,
               const std::string& group, std::vector<std::shared_ptr<const T>>& out) {
  kubeapi::Decoder<T> decoder;
  for (const auto& [key, object] : objects) {
    if (key.first != resource) continue;
    const bool labelled =
        object["metadata"].value("labels", Json::object()).value("stowage.dev/group", "") == group;
    if (!labelled && resource != Resource::kBudgets) continue;
    auto decoded = decoder.object(object.dump());
    if (decoded) out.push_back(*decoded);
  }
}

}  // namespace

// ---- the API server

Json* SimulatedCluster::at(const ObjectName& object) {
  const auto found = objects_.find({object.resource, object.name});
  return found == objects_.end() ? nullptr : &found->second;
}

const Json* SimulatedCluster::find(Resource resource, const std::string& name) const {
  const auto found = objects_.find({resource, name});
  return found == objects_.end() ? nullptr : &found->second;
}

std::vector<std::string> SimulatedCluster::names(Resource resource) const {
  std::vector<std::string> names;
  for (const auto& [key, object] : objects_) {
    if (key.first == resource) names.push_back(key.second);
  }
  return names;
}

void SimulatedCluster::touch(Json& object) {
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
}

Answer SimulatedCluster::taken(const Json& object) {
  Answer answer;
  answer.body = object.dump();
  return answer;
}

void SimulatedCluster::beginWrite(const char* verb, const Key& key, const Json& body) {
  if (lives_ && (*lives_)-- <= 0) throw OperatorDies();
  ++writes_;
  if (on_write) on_write(verb, key, body, *this);
}

Answer SimulatedCluster::get(const ObjectName& object) {
  const Json* found = at(object);
  return found == nullptr ? notFound(object.name) : taken(*found);
}

Answer SimulatedCluster::create(const ObjectName& object, std::string_view json, DryRun dry_run) {
  Json made = Json::parse(json);
  if (object.resource == Resource::kPods && admission) {
    if (std::string why = admission(made); !why.empty())
      return refusal(Code::kInvalidArgument, "Invalid", why);
  }
  const Key key{object.resource, object.name};
  if (dry_run == DryRun::kYes) return taken(made);
  if (at(object) != nullptr)
    return refusal(Code::kAlreadyExists, "AlreadyExists", object.name + " already exists");
  beginWrite("create", key, made);
  made["metadata"]["uid"] = "u" + std::to_string(++uids_);
  made["metadata"]["namespace"] = "ns";
  made["metadata"]["name"] = object.name;
  made["metadata"]["generation"] = 1;
  made["metadata"]["creationTimestamp"] = base::formatTime(clock_->wallNow());
  if (object.resource == Resource::kPods) made["status"] = {{"phase", "Pending"}};
  if (object.resource == Resource::kClaims) made["status"] = {{"phase", "Bound"}};
  if (object.resource == Resource::kBudgets) made["status"] = {{"observedGeneration", 1}};
  touch(made);
  objects_[key] = std::move(made);
  if (object.resource == Resource::kBudgets) countHealthy();
  return taken(objects_[key]);
}

Answer SimulatedCluster::patch(const ObjectName& object, std::string_view subresource,
                               std::string_view json) {
  Json* found = at(object);
  if (found == nullptr) return notFound(object.name);
  const Json changes = Json::parse(json);
  if (const std::string why = broken(*found, textAt(changes, "/metadata/uid"),
                                     textAt(changes, "/metadata/resourceVersion"));
      !why.empty())
    return refusal(Code::kConflict, "Conflict", why);
  if (object.resource == Resource::kPods) {
    std::string why = wrongPodChange(*found, changes, subresource);
    Json wanted = *found;
    wanted.merge_patch(changes);
    if (why.empty() && admission && changes.contains("spec")) why = admission(wanted);
    if (!why.empty()) return refusal(Code::kInvalidArgument, "Invalid", why);
  }
  if (object.resource == Resource::kClaims && changes.contains("spec") && !claims_are_fixed.empty())
    return refusal(Code::kForbidden, "Forbidden", claims_are_fixed);
  beginWrite("patch", {object.resource, object.name}, changes);
  found->merge_patch(changes);
  if (object.resource == Resource::kPods && changes.contains("spec"))
    (*found)["metadata"]["generation"] = (*found)["metadata"]["generation"].get<int>() + 1;
  if (object.resource == Resource::kBudgets && changes.contains("spec")) {
    const int generation = (*found)["metadata"]["generation"].get<int>() + 1;
    (*found)["metadata"]["generation"] = generation;
    (*found)["status"]["observedGeneration"] = generation;
    countHealthy();
  }
  touch(*found);
  Answer answer = taken(*found);
  if (isTerminatingObject(*found) &&
      (*found)["metadata"].value("finalizers", Json::array()).empty() &&
      object.resource == Resource::kGroups)
    erase({object.resource, object.name});
  return answer;
}

Answer SimulatedCluster::replace(const ObjectName& object, std::string_view subresource,
                                 std::string_view json) {
  Json* found = at(object);
  if (found == nullptr) return notFound(object.name);
  const Json wanted = Json::parse(json);
  if (const std::string why = broken(*found, textAt(wanted, "/metadata/uid"),
                                     textAt(wanted, "/metadata/resourceVersion"));
      !why.empty())
    return refusal(Code::kConflict, "Conflict", why);
  beginWrite("replace", {object.resource, object.name});
  if (subresource == "status") (*found)["status"] = wanted["status"];
  touch(*found);
  return taken(*found);
}

Answer SimulatedCluster::removeObject(const Key& key, Json& object) {
  Answer answer = taken(object);
  const bool stays = key.first == Resource::kPods && object["spec"].contains("nodeName");
  const bool held = !object["metadata"].value("finalizers", Json::array()).empty();
  if (stays || held) {
    if (!isTerminatingObject(object)) {
      object["metadata"]["deletionTimestamp"] = base::formatTime(clock_->wallNow());
      touch(object);
    }
  } else {
    erase(key);
  }
  return answer;
}

Answer SimulatedCluster::remove(const ObjectName& object, const Fence& fence) {
  Json* found = at(object);
  if (found == nullptr) return notFound(object.name);
  if (const std::string why = broken(*found, fence.uid.str(), fence.resource_version); !why.empty())
    return refusal(Code::kConflict, "Conflict", why);
  beginWrite("remove", {object.resource, object.name});
  return removeObject({object.resource, object.name}, *found);
}

bool SimulatedCluster::budgetsAllow(const Json& pod, std::string& why) const {
  const std::string phase = textAt(pod, "/status/phase");
  if (phase != "Running" || isTerminatingObject(pod)) return true;
  for (const auto& [key, budget] : objects_) {
    if (key.first != Resource::kBudgets || !selects(budget, pod)) continue;
    int healthy = 0;
    for (const auto& [other, object] : objects_) {
      if (other.first == Resource::kPods && selects(budget, object) && readyCondition(object) &&
          !isTerminatingObject(object) && !takenForEvicted(budget, other.second))
        ++healthy;
    }
    const int needed = budget["spec"]["minAvailable"].get<int>();
    const bool allowed =
        readyCondition(pod) ? healthy - 1 >= needed : healthy >= needed && needed > 0;
    if (!allowed) why = "budget " + key.second + " needs " + std::to_string(needed);
  }
  return why.empty();
}

bool SimulatedCluster::takenForEvicted(const Json& budget, const std::string& pod) {
  return budget["status"].value("disruptedPods", Json::object()).contains(pod);
}

void SimulatedCluster::rememberEviction(const Json& pod) {
  for (auto& [key, budget] : objects_) {
    if (key.first != Resource::kBudgets || !selects(budget, pod)) continue;
    const std::string name = pod["metadata"]["name"];
    budget["status"]["disruptedPods"][name] = base::formatTime(clock_->wallNow());
    touch(budget);
  }
}

Answer SimulatedCluster::evict(const ObjectName& pod, const Fence& fence) {
  Json* found = at(pod);
  if (found == nullptr) return notFound(pod.name);
  if (const std::string why = broken(*found, fence.uid.str(), fence.resource_version); !why.empty())
    return refusal(Code::kConflict, "Conflict", why);
  std::string why;
  if (!budgetsAllow(*found, why)) return refusal(Code::kTooManyRequests, "TooManyRequests", why);
  beginWrite("evict", {pod.resource, pod.name});
  if (remembers_evictions) rememberEviction(*found);
  return removeObject({pod.resource, pod.name}, *found);
}

void SimulatedCluster::erase(const Key& key) {
  const std::string uid = textAt(objects_.at(key), "/metadata/uid");
  objects_.erase(key);
  collectGarbage(uid);
}

void SimulatedCluster::collectGarbage(const std::string& owner_uid) {
  std::vector<Key> owned;
  for (const auto& [key, object] : objects_) {
    for (const Json& owner : object["metadata"].value("ownerReferences", Json::array())) {
      if (owner["uid"] == owner_uid) owned.push_back(key);
    }
  }
  for (const Key& key : owned) {
    if (const auto found = objects_.find(key); found != objects_.end())
      removeObject(key, found->second);
  }
}

// ---- users

void SimulatedCluster::putGroup(const std::string& name, const Json& spec) {
  Json& group = objects_[{Resource::kGroups, name}];
  if (group.is_null()) {
    group = {{"apiVersion", "stowage.dev/v1alpha1"}, {"kind", "StatefulGroup"}};
    group["metadata"] = {{"name", name},
                         {"namespace", "ns"},
                         {"uid", "u" + std::to_string(++uids_)},
                         {"generation", 0}};
  }
  group["spec"] = spec;
  group["metadata"]["generation"] = group["metadata"]["generation"].get<int>() + 1;
  touch(group);
}

void SimulatedCluster::deleteGroup(const std::string& name) {
  const Key key{Resource::kGroups, name};
  if (const auto found = objects_.find(key); found != objects_.end())
    removeObject(key, found->second);
}

void SimulatedCluster::orphanAll(const std::string& name) {
  objects_.erase({Resource::kGroups, name});
  for (auto& [key, object] : objects_) {
    object["metadata"].erase("ownerReferences");
    touch(object);
  }
}

// ---- caches

std::optional<statefulgroup::Observed> SimulatedView::observe(const std::string& /*ns*/,
                                                              const std::string& name) const {
  const auto found = objects_.find({Resource::kGroups, name});
  if (found == objects_.end()) return std::nullopt;
  kubeapi::Decoder<kubeapi::StatefulGroup> decoder;
  auto group = decoder.object(found->second.dump());
  if (!group) return std::nullopt;
  statefulgroup::Observed observed;
  observed.group = *group;
  decodeAll(objects_, Resource::kPods, name, observed.pods);
  decodeAll(objects_, Resource::kClaims, name, observed.claims);
  decodeAll(objects_, Resource::kBudgets, name, observed.budgets);
  decodeAll(objects_, Resource::kServices, name, observed.services);
  decodeAll(objects_, Resource::kRevisions, name, observed.revisions);
  observed.nodes = nodes;
  return observed;
}

void RecordedEvents::record(const kubeapi::StatefulGroup& /*group*/,
                            const statefulgroup::GroupEvent& event) {
  lines.push_back((event.warning ? "Warning " : "Normal ") + event.reason + " " + event.note);
}

Json groupSpec(int shards, int replicas, const Json& more) {
  const Json minimal = {
      {"metadata", {{"name", "db"}}},
      {"spec",
       {{"shards", shards},
        {"replicas", replicas},
        {"template",
         {{"spec", {{"containers", {{{"name", "main"}, {"image", "example.test/db:1"}}}}}}}}}}};
  kubeapi::Decoder<kubeapi::StatefulGroup> decoder;
  Json spec = Json::parse(kubeapi::encodeSpec((*decoder.object(minimal.dump()))->spec));
  spec.merge_patch(more);
  return spec;
}

Json withImage(const std::string& image, const std::string& policy) {
  return {{"template", {{"spec", {{"containers", {{{"name", "main"}, {"image", image}}}}}}}},
          {"updateStrategy", {{"rollingUpdate", {{"podUpdatePolicy", policy}}}}}};
}

Json withClaims(Json more) {
  more["volumeClaimTemplates"] =
      Json::array({{{"name", "data"},
                    {"spec",
                     {{"accessModes", {"ReadWriteOnce"}},
                      {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}});
  return more;
}

}  // namespace stowage::testing
