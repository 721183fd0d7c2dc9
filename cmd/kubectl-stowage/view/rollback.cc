#include "cmd/kubectl-stowage/view/rollback.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/kubectl-stowage/view/revision_diff.h"
#include "kubeapi/decode.h"
#include "statefulgroup/revision_history.h"

namespace stowage::kubectl {

using statefulgroup::Revision;
using statefulgroup::RevisionChoice;
using statefulgroup::RevisionHistory;

namespace {

using Json = nlohmann::json;

constexpr const char* kParts[] = {"template", "shardOverrides", "topology", "restartTime"};

base::Result<const Revision*> chooseTarget(const kubeapi::StatefulGroup& group,
                                           const RevisionHistory& history,
                                           std::optional<std::int64_t> to) {
  const auto& revisions = history.revisions;
  if (to) {
    std::vector<std::string> known;
    for (const Revision& revision : revisions) {
      if (revision.number() == *to) return &revision;
      known.push_back(std::to_string(revision.number()));
    }
    for (const auto& other : history.unreadable) {
      if (other.number == *to)
        return base::fail(base::Code::kUnsupported, fmt::format("revision {} cannot be read: {}",
                                                                *to, other.problem.message()));
    }
    return base::fail(
        base::Code::kNotFound,
        fmt::format("there is no revision {}; there is {}", *to,
                    known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  }
  // A spec that is none of them, or an older one, comes after the newest.
  const RevisionChoice choice =
      statefulgroup::chooseRevision(group, history, group.status.collision_count);
  const bool at_newest = choice.kind == RevisionChoice::Kind::kCurrent;
  const std::size_t back = at_newest ? 2 : 1;
  if (revisions.size() < back)
    return base::fail(base::Code::kNotFound, "there is no revision before the present one");
  return &revisions[revisions.size() - back];
}

// The definition has defaults for what a revision leaves out: without words they would come back.
Json topologySpec(const Json& stored) {
  Json spec = stored.is_object() ? stored : Json::object();
  if (!spec.contains("failureDomains")) spec["failureDomains"] = Json::array();
  for (Json& domain : spec["failureDomains"]) {
    if (domain.is_object() && !domain.contains("quorumSafe")) domain["quorumSafe"] = "Off";
  }
  return spec;
}

Json operationFor(const std::string& part, const Json& target) {
  const std::string path = "/spec/" + part;
  if (part == "topology")
    return {
        {"op", "add"}, {"path", path}, {"value", topologySpec(target.value("topology", Json()))}};
  if (!target.contains(part)) return {{"op", "remove"}, {"path", path}};
  return {{"op", "add"}, {"path", path}, {"value", target.at(part)}};
}

// Whether the group, once patched, is that very revision.
bool comesTo(const std::string& group_json, const Json& operations, const Revision& revision) {
  try {
    const Json patched = Json::parse(group_json).patch(operations);
    const auto decoded = kubeapi::Decoder<kubeapi::StatefulGroup>().object(patched.dump());
    return decoded && statefulgroup::revisionData(**decoded) == revision.data();
  } catch (const Json::exception&) {
    return false;
  }
}

std::vector<std::string> remarksOn(const kubeapi::StatefulGroup& group, bool same,
                                   const Revision& revision) {
  using kubeapi::group::ManagementPolicy;
  using kubeapi::group::UpdateType;
  std::vector<std::string> remarks;
  if (!same)
    remarks.push_back(
        fmt::format("revision {} also has claims that cannot be taken away from or put back into "
                    "the spec: a new "
                    "revision is made",
                    revision.number()));
  if (group.spec.management_policy == ManagementPolicy::kPaused)
    remarks.emplace_back("the group is paused: no pod changes before it is resumed");
  if (group.spec.update_strategy.type == UpdateType::kOnDelete)
    remarks.emplace_back("updateStrategy is OnDelete: a pod changes when somebody deletes it");
  return remarks;
}

}  // namespace

base::Result<Rollback> planRollback(const std::string& group_json,
                                    const statefulgroup::Observed& observed,
                                    std::optional<std::int64_t> to) {
  const kubeapi::StatefulGroup& group = *observed.group;
  const RevisionHistory history = statefulgroup::readHistory(group, observed.revisions);
  const auto target = chooseTarget(group, history, to);
  if (!target) return base::fail(target.error());
  const Revision& revision = **target;
  Rollback rollback;
  rollback.number = revision.number();
  rollback.name = revision.name();
  const std::string present = statefulgroup::revisionData(group);
  Json before = Json::parse(present);
  Json after = Json::parse(revision.data());
  // Numbers, not names: `claims` and the version of rendering are not the spec's to change.
  Json operations = Json::array();
  Json changed_before = Json::object();
  Json changed_after = Json::object();
  for (const char* part : kParts) {
    const Json old = before.value(part, Json());
    const Json now = after.value(part, Json());
    if (old == now) continue;
    operations.push_back(operationFor(part, after));
    if (!old.is_null()) changed_before[part] = old;
    if (!now.is_null()) changed_after[part] = now;
  }
  if (operations.empty()) return rollback;
  rollback.changes = changesBetween(changed_before.dump(), changed_after.dump());
  rollback.remarks = remarksOn(group, comesTo(group_json, operations, revision), revision);
  Json patch = Json::array();
  patch.push_back({{"op", "test"}, {"path", "/metadata/uid"}, {"value", group.meta.uid.view()}});
  // The generation counts changes of the spec; the version would also change with the status.
  patch.push_back(
      {{"op", "test"}, {"path", "/metadata/generation"}, {"value", group.meta.generation}});
  patch.insert(patch.end(), operations.begin(), operations.end());
  rollback.patch = patch.dump();
  return rollback;
}

}  // namespace stowage::kubectl
