// Pass: what the group owns beside members: Services and budgets, put right when they differ.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "statefulgroup/labels.h"
#include "statefulgroup/reconcile/live_objects.h"
#include "statefulgroup/reconcile/pass.h"
#include "statefulgroup/render/budget_renderer.h"
#include "statefulgroup/render/drift.h"
#include "statefulgroup/render/owned_meta.h"
#include "statefulgroup/render/service_renderer.h"

namespace stowage::statefulgroup {

namespace {

using Json = nlohmann::json;

}  // namespace

// Made of the living object, since the caches may be behind; of the same one, or not at all.
Answer Pass::heal(Resource resource, const kubeapi::ObjectMeta& seen, std::string_view rendered) {
  const std::string name = seen.name.str();
  Answer live = writes_.get(resource, name);
  if (!live.ok()) return live;
  const auto patch = healingPatch(live.body, rendered);
  const auto identity = identityOf(live.body);
  if (!patch || !identity) return live;
  return writes_.patch(resource, name, {seen.uid, identity->resource_version}, *patch);
}

// As with pods, only for a group that is there live, and what is still without an owner.
Answer Pass::takeOver(Resource resource, const kubeapi::ObjectMeta& seen,
                      std::string_view rendered) {
  Answer answer = writes_.get(Resource::kGroups, group_.meta.name.str());
  if (!answer.ok()) return answer;
  const auto live = decode<kubeapi::StatefulGroup>(answer);
  if (live == nullptr || !(live->meta.uid == group_.meta.uid) || live->meta.deletion_time) {
    Answer stale;
    stale.code = base::Code::kConflict;
    return stale;
  }
  const std::string name = seen.name.str();
  Answer taken =
      writes_.patch(resource, name, {seen.uid, seen.resource_version},
                    Json{{"metadata",
                          {{"ownerReferences",
                            Json::array({ownerReference(group_.meta, Ownership::kController)})}}}}
                        .dump());
  if (!taken.ok()) return taken;
  ports_.events.record(group_, {false,
                                "SuccessfulAdopt",
                                "Adopting",
                                fmt::format("took over {} {}", pluralOf(resource), name),
                                {}});
  return heal(resource, seen, rendered);
}

void Pass::syncServices(const GroupSight& sight) {
  std::vector<Replica> members;
  for (const ShardView& shard : sight.shards) {
    for (const Member& member : shard.members) {
      if (member.wanted || member.there()) members.push_back(member.replica);
    }
  }
  std::set<std::string> wanted;
  for (const RenderedObject& service : renderServices(group_, names_, members)) {
    wanted.insert(service.name);
    const auto live =
        std::find_if(observed_.services.begin(), observed_.services.end(),
                     [&](const auto& one) { return one->meta.name.view() == service.name; });
    if (live != observed_.services.end() && contains(**live, service.json)) continue;
    const bool orphan = live != observed_.services.end() && isOrphanOf((*live)->meta, group_);
    if (live != observed_.services.end() && !orphan && !isOwnedBy((*live)->meta, group_)) {
      if (error_.empty())
        error_ = fmt::format("Service {} is there already and not the group's", service.name);
      failed_ = true;
      continue;
    }
    // A Service of that name that the caches do not show may be anybody's.
    const Answer answer = live == observed_.services.end()
                              ? writes_.create(Resource::kServices, service.name, service.json)
                          : orphan ? takeOver(Resource::kServices, (*live)->meta, service.json)
                                   : heal(Resource::kServices, (*live)->meta, service.json);
    if (!answer.ok()) fail(answer, "writing Service " + service.name);
  }
  for (const auto& service : observed_.services) {
    if (!isOwnedBy(service->meta, group_) || wanted.contains(service->meta.name.str())) continue;
    if (service->meta.deletion_time) continue;
    const std::string name = service->meta.name.str();
    const Answer answer = writes_.remove(Resource::kServices, name, fenceOf(service->meta));
    if (!answer.ok()) fail(answer, "deleting Service " + name);
  }
}

void Pass::findDrift(GroupSight& sight) const {
  for (BudgetSight& budget : sight.budgets.shards) {
    if (budget.wanted && budget.right())
      budget.drifted = !contains(*budget.budget,
                                 renderBudget(group_, names_, budget.shard, *budget.wanted).json);
  }
}

void Pass::syncBudgets(const GroupSight& sight) {
  for (const BudgetSight& budget : sight.budgets.shards) {
    if (budget.right() || !budget.foreign.empty()) continue;
    Answer answer;
    if (!budget.wanted) {
      if (budget.budget->meta.deletion_time) continue;
      answer = writes_.remove(Resource::kBudgets, budget.name, fenceOf(budget.budget->meta));
    } else {
      const std::string json = renderBudget(group_, names_, budget.shard, *budget.wanted).json;
      answer = budget.budget == nullptr ? writes_.create(Resource::kBudgets, budget.name, json)
               : budget.orphan          ? takeOver(Resource::kBudgets, budget.budget->meta, json)
                                        : heal(Resource::kBudgets, budget.budget->meta, json);
    }
    if (!answer.ok()) fail(answer, "writing budget " + budget.name);
  }
}

}  // namespace stowage::statefulgroup
