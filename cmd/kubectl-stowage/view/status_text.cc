// A report as a table for people, and as JSON for programs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/text.h"
#include "cmd/kubectl-stowage/view/report.h"
#include "cmd/kubectl-stowage/view/table.h"

namespace stowage::kubectl {

namespace {

using Json = nlohmann::ordered_json;

// Always of interest, in that order.
constexpr std::array<std::string_view, 3> kMain = {"Ready", "Available", "Progressing"};
// Of interest when they are not this.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kUsual = {
    {{"Degraded", "False"},
     {"TemplateValid", "True"},
     {"BudgetsSynced", "True"},
     {"StorageResizing", "False"},
     {"Paused", "False"},
     {"Hibernated", "False"}}};

bool isOnItsWay(const kubeapi::Condition& condition) {
  return condition.reason == "Progressing" || condition.reason == "Forming" ||
         condition.reason == "Paused" || condition.reason == "Hibernated" ||
         condition.reason == "NotObserved" || condition.reason == "Terminating" ||
         condition.reason == "WaitingForBudget";
}

Tint tintOf(const kubeapi::Condition& condition) {
  const std::string_view type = condition.type.view();
  if (type == "Ready" || type == "Available") {
    if (condition.status == "True") return Tint::kGood;
    return isOnItsWay(condition) ? Tint::kCare : Tint::kBad;
  }
  if (type == "Progressing")
    return condition.status == "True" || condition.reason == "Idle" || isOnItsWay(condition)
               ? Tint::kPlain
               : Tint::kBad;
  return isOnItsWay(condition) || condition.status == "True" ? Tint::kCare : Tint::kBad;
}

void add(const kubeapi::Condition& condition, Table& table) {
  const Tint tint = tintOf(condition);
  table.add({condition.type.str(),
             {condition.status.str(), tint},
             {condition.reason, tint},
             condition.message});
}

std::string conditions(const GroupReport& report, bool colours) {
  Table table = Table::withoutHead();
  for (const auto type : kMain) {
    if (const auto* found = kubeapi::findCondition(report.conditions, type)) add(*found, table);
  }
  for (const auto& [type, usual] : kUsual) {
    const auto* found = kubeapi::findCondition(report.conditions, type);
    const bool news =
        found != nullptr && (found->status.view() != usual || found->reason == "Infeasible");
    if (news) add(*found, table);
  }
  // That nodes have no domains is how small clusters are.
  const auto* spread = kubeapi::findCondition(report.conditions, "Spread");
  if (spread != nullptr && spread->status == "False") add(*spread, table);
  return table.text("  ", colours);
}

std::string headline(const GroupReport& report, bool colours) {
  std::string line =
      fmt::format("{}: {} {} of {} {}",
                  painted(fmt::format("{}/{}", report.ns, report.name), Tint::kHead, colours),
                  report.shards.size(), report.shards.size() == 1 ? "shard" : "shards",
                  report.replicas, report.replicas == 1 ? "replica" : "replicas");
  if (report.deleting) line += ", being deleted";
  if (report.hibernated) line += ", hibernated";
  if (report.paused) line += ", paused: the operator looks on";
  return line + "\n";
}

std::string revisions(const GroupReport& report) {
  if (report.update_revision.empty()) return {};
  if (!report.rolled_back_from.empty()) {
    return fmt::format("  Revision {} ({}), back from {} ({}), whose rollout failed\n",
                       revisionLabel(report, report.current_revision), report.current_revision,
                       revisionLabel(report, report.rolled_back_from), report.rolled_back_from);
  }
  if (report.update_revision == report.current_revision || report.current_revision.empty()) {
    return fmt::format("  Revision {} ({})\n", revisionLabel(report, report.update_revision),
                       report.update_revision);
  }
  return fmt::format("  Revision {} ({}) goes over to {} ({})\n",
                     revisionLabel(report, report.current_revision), report.current_revision,
                     revisionLabel(report, report.update_revision), report.update_revision);
}

Tint tintOf(const ShardReport& shard) {
  if (shard.available < shard.floor) return Tint::kBad;
  return shard.available < shard.wanted ? Tint::kCare : Tint::kGood;
}

std::string shards(const GroupReport& report, bool colours) {
  Table table({"SHARD", "AVAILABLE", "UPDATED", "MUST STAY", "MAY GO", "LEADER", "DOING"});
  for (const ShardReport& shard : report.shards) {
    std::string doing = shard.doing;
    if (!shard.waits_for.empty())
      doing += (doing.empty() ? "waits: " : "; waits: ") + shard.waits_for;
    table.add({std::to_string(shard.index),
               {fmt::format("{}/{}", shard.available, shard.wanted), tintOf(shard)},
               {fmt::format("{}/{}", shard.updated, shard.wanted),
                shard.updated < shard.wanted ? Tint::kCare : Tint::kPlain},
               std::to_string(shard.floor),
               shard.disruptions_allowed ? std::to_string(*shard.disruptions_allowed) : "",
               shard.leader,
               doing});
  }
  return table.text("", colours);
}

Tint tintOf(const MemberReport& member) {
  if (member.state == "available") return Tint::kGood;
  return member.state == "absent" || member.state == "ended" ? Tint::kBad : Tint::kCare;
}

std::string members(const GroupReport& report, bool colours) {
  Table table({"POD", "STATE", "ROLE", "REVISION", "AGE", "NODE", "NOTE"});
  for (const ShardReport& shard : report.shards) {
    for (const MemberReport& member : shard.members) {
      std::string revision = revisionLabel(report, member.revision);
      const bool goes_over =
          !member.revision.empty() && !member.target.empty() && member.revision != member.target;
      if (goes_over) revision += " -> " + revisionLabel(report, member.target);
      table.add({member.pod,
                 {member.state, report.hibernated ? Tint::kPlain : tintOf(member)},
                 member.role,
                 {revision, goes_over ? Tint::kCare : Tint::kPlain},
                 member.age ? roughly(*member.age) : "",
                 member.node,
                 member.note});
    }
  }
  return table.text("", colours);
}

Json memberJson(const MemberReport& member) {
  Json json = {{"pod", member.pod},
               {"ordinal", member.ordinal},
               {"state", member.state},
               {"role", member.role},
               {"node", member.node},
               {"revision", member.revision},
               {"targetRevision", member.target},
               {"note", member.note}};
  if (member.age)
    json["ageSeconds"] = std::chrono::duration_cast<std::chrono::seconds>(*member.age).count();
  return json;
}

Json shardJson(const ShardReport& shard) {
  Json json = {{"index", shard.index},         {"wanted", shard.wanted},
               {"available", shard.available}, {"updated", shard.updated},
               {"mustStay", shard.floor},      {"leader", shard.leader},
               {"doing", shard.doing},         {"waitsFor", shard.waits_for}};
  if (shard.disruptions_allowed) json["disruptionsAllowed"] = *shard.disruptions_allowed;
  json["members"] = Json::array();
  for (const MemberReport& member : shard.members) json["members"].push_back(memberJson(member));
  return json;
}

// The conditions are the operator's word, the members are as they are now.
bool isOverrun(const GroupReport& report) {
  const auto* ready = kubeapi::findCondition(report.conditions, "Ready");
  if (ready == nullptr || ready->status != "True") return false;
  return std::any_of(report.shards.begin(), report.shards.end(),
                     [](const ShardReport& shard) { return shard.available < shard.wanted; });
}

}  // namespace

std::string statusText(const GroupReport& report, bool colours) {
  std::string out = headline(report, colours) + conditions(report, colours) + revisions(report);
  if (!report.seen)
    out +=
        "  The operator has not looked at the latest change of the spec yet; does stowage-operator "
        "run?\n";
  else if (isOverrun(report))
    out +=
        "  Members have stopped serving since the operator wrote this; does stowage-operator "
        "run?\n";
  if (const std::string advice = adviceFor(report); !advice.empty())
    out += "  " + painted("To do: " + advice, Tint::kHead, colours) + "\n";
  return out + "\n" + shards(report, colours) + "\n" + members(report, colours);
}

std::string statusJson(const GroupReport& report) {
  Json json = {{"namespace", report.ns},
               {"name", report.name},
               {"paused", report.paused},
               {"hibernated", report.hibernated},
               {"deleting", report.deleting},
               {"observed", report.seen},
               {"currentRevision", report.current_revision},
               {"updateRevision", report.update_revision}};
  if (!report.rolled_back_from.empty()) json["rolledBackFrom"] = report.rolled_back_from;
  json["conditions"] = Json::array();
  for (const auto& condition : report.conditions) {
    Json& one = json["conditions"].emplace_back();
    one = {{"type", condition.type.view()},
           {"status", condition.status.view()},
           {"reason", condition.reason},
           {"message", condition.message}};
    if (condition.last_transition_time)
      one["lastTransitionTime"] = base::formatTime(*condition.last_transition_time);
  }
  json["shards"] = Json::array();
  for (const ShardReport& shard : report.shards) json["shards"].push_back(shardJson(shard));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace stowage::kubectl
