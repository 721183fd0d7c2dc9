#include "statefulgroup/reconcile/group_writes.h"

#include <utility>

#include "statefulgroup/json_value.h"

namespace stowage::statefulgroup {

std::optional<Identity> identityOf(std::string_view body) {
  const auto object = parseJson(body);
  const Json* meta = object ? memberOf(*object, "metadata") : nullptr;
  if (meta == nullptr || !meta->is_object()) return std::nullopt;
  return Identity{textOf(*meta, "uid"), textOf(*meta, "resourceVersion")};
}

GroupWrites::GroupWrites(std::string group, std::string ns, ObjectApi& api, WriteLog& log,
                         base::Clock& clock)
    : group_(std::move(group)), ns_(std::move(ns)), api_(api), log_(log), clock_(clock) {}

ObjectName GroupWrites::nameOf(Resource resource, const std::string& name) const {
  const bool cluster = resource == Resource::kNodes || resource == Resource::kVolumes;
  return {resource, cluster ? std::string() : ns_, name};
}

Answer GroupWrites::written(const ObjectName& object, Answer answer) {
  if (!answer.ok()) return answer;
  ++count_;
  if (const auto identity = identityOf(answer.body))
    log_.wrote(group_, object, identity->uid, identity->resource_version, clock_.now());
  return answer;
}

Answer GroupWrites::removed(const ObjectName& object, const Fence& fence, Answer answer) {
  if (answer.ok()) ++count_;
  // Without an answer it may have happened as well: the caches or a look will tell.
  if (answer.ok() || answer.outcome_unknown) log_.removed(group_, object, fence.uid, clock_.now());
  return answer;
}

Answer GroupWrites::create(Resource resource, const std::string& name, std::string_view json) {
  const ObjectName object = nameOf(resource, name);
  return written(object, api_.create(object, json, DryRun::kNo));
}

Answer GroupWrites::patch(Resource resource, const std::string& name, const Fence& fence,
                          std::string_view changes, std::string_view subresource) {
  const ObjectName object = nameOf(resource, name);
  Json body = Json::parse(changes);
  if (!fence.uid.empty()) body["metadata"]["uid"] = fence.uid.str();
  if (!fence.resource_version.empty()) body["metadata"]["resourceVersion"] = fence.resource_version;
  return written(object, api_.patch(object, subresource, body.dump()));
}

Answer GroupWrites::replace(Resource resource, const std::string& name,
                            std::string_view subresource, std::string_view json) {
  const ObjectName object = nameOf(resource, name);
  return written(object, api_.replace(object, subresource, json));
}

Answer GroupWrites::remove(Resource resource, const std::string& name, const Fence& fence) {
  const ObjectName object = nameOf(resource, name);
  return removed(object, fence, api_.remove(object, fence));
}

Answer GroupWrites::evict(const std::string& pod, const Fence& fence) {
  const ObjectName object = nameOf(Resource::kPods, pod);
  return removed(object, fence, api_.evict(object, fence));
}

void GroupWrites::awaitSight(Resource resource, const std::string& name) {
  const ObjectName object = nameOf(resource, name);
  const Answer answer = api_.get(object);
  if (!answer.ok()) return;
  if (const auto identity = identityOf(answer.body))
    log_.wrote(group_, object, identity->uid, identity->resource_version, clock_.now());
}

Answer GroupWrites::get(Resource resource, const std::string& name) {
  return api_.get(nameOf(resource, name));
}

}  // namespace stowage::statefulgroup
