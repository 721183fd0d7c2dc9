#include "cmd/operator/api_objects.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "statefulgroup/labels.h"

namespace stowage::operator_cmd {

using k8sclient::ApiResult;
using statefulgroup::Answer;
using statefulgroup::DryRun;
using statefulgroup::Fence;
using statefulgroup::ObjectName;
using statefulgroup::Resource;

namespace {

using Json = nlohmann::json;

k8sclient::CallOptions options(k8sclient::Query query = {}) {
  k8sclient::CallOptions options;
  options.timeout = std::chrono::seconds(15);
  options.query = std::move(query);
  options.query.emplace_back("fieldManager", statefulgroup::kFieldManager);
  return options;
}

k8sclient::ResourceType typeOf(Resource resource) {
  const std::string plural(statefulgroup::pluralOf(resource));
  switch (resource) {
    case Resource::kGroups:
      return {"stowage.dev", "v1alpha1", plural};
    case Resource::kBudgets:
      return {"policy", "v1", plural};
    case Resource::kRevisions:
      return {"apps", "v1", plural};
    default:
      return {"", "v1", plural};
  }
}

// Rendered objects carry no type: their path tells it, and the API demands it in the body.
std::string typed(Resource resource, std::string_view json) {
  constexpr std::array<const char*, 8> kKinds = {
      "StatefulGroup",      "Pod",     "PersistentVolumeClaim",
      "PersistentVolume",   "Service", "PodDisruptionBudget",
      "ControllerRevision", "Node"};
  Json body = Json::parse(json);
  const k8sclient::ResourceType type = typeOf(resource);
  body["apiVersion"] = type.group.empty() ? type.version : type.group + "/" + type.version;
  body["kind"] = kKinds.at(static_cast<std::size_t>(resource));
  return body.dump();
}

Answer answerOf(const ApiResult<std::string>& result) {
  Answer answer;
  if (result) {
    answer.body = *result;
    return answer;
  }
  const k8sclient::ApiError& error = result.error();
  answer.code = error.code;
  answer.reason = error.reason;
  answer.message = error.message;
  answer.outcome_unknown = error.outcome_unknown;
  return answer;
}

Json preconditions(const Fence& fence) {
  Json conditions = Json::object();
  if (!fence.uid.empty()) conditions["uid"] = fence.uid.str();
  if (!fence.resource_version.empty()) conditions["resourceVersion"] = fence.resource_version;
  return conditions;
}

}  // namespace

std::string pathOf(const ObjectName& object, std::string_view subresource) {
  return k8sclient::resourcePath(typeOf(object.resource), object.ns, object.name, subresource);
}

std::string collectionOf(const ObjectName& object) {
  return k8sclient::resourcePath(typeOf(object.resource), object.ns);
}

ApiObjects::ApiObjects(k8sclient::ApiClient& api, std::stop_token stop)
    : api_(api), stop_(std::move(stop)) {}

Answer ApiObjects::get(const ObjectName& object) {
  k8sclient::CallOptions call;
  call.timeout = std::chrono::seconds(15);
  return answerOf(api_.get(pathOf(object), call, stop_));
}

Answer ApiObjects::create(const ObjectName& object, std::string_view json, DryRun dry_run) {
  k8sclient::Query query;
  if (dry_run == DryRun::kYes) {
    query.emplace_back("dryRun", "All");
    query.emplace_back("fieldValidation", "Strict");
  }
  return answerOf(api_.create(collectionOf(object), typed(object.resource, json),
                              options(std::move(query)), stop_));
}

Answer ApiObjects::patch(const ObjectName& object, std::string_view subresource,
                         std::string_view json) {
  return answerOf(api_.patch(pathOf(object, subresource), k8sclient::PatchType::kMerge, json,
                             options(), stop_));
}

Answer ApiObjects::replace(const ObjectName& object, std::string_view subresource,
                           std::string_view json) {
  return answerOf(api_.update(pathOf(object, subresource), json, options(), stop_));
}

Answer ApiObjects::remove(const ObjectName& object, const Fence& fence) {
  const Json body = {
      {"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"preconditions", preconditions(fence)}};
  return answerOf(api_.remove(pathOf(object), body.dump(), options(), stop_));
}

Answer ApiObjects::evict(const ObjectName& pod, const Fence& fence) {
  const Json body = {{"apiVersion", "policy/v1"},
                     {"kind", "Eviction"},
                     {"metadata", {{"name", pod.name}, {"namespace", pod.ns}}},
                     {"deleteOptions", {{"preconditions", preconditions(fence)}}}};
  return answerOf(api_.create(pathOf(pod, "eviction"), body.dump(), options(), stop_));
}

}  // namespace stowage::operator_cmd
