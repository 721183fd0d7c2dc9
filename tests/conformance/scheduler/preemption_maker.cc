#include "conformance/scheduler/preemption_maker.h"

#include <fmt/format.h>

#include <map>
#include <string>

#include "conformance/scheduler/vocabulary.h"

namespace stowage::conformance {
namespace {

using nlohmann::json;

// No two pods started together: which of them stays is a deviation (docs/deviations.md). At most
// one has not started: upstream takes the time of each look for such a pod.
void startApart(Dice& dice, json& placed) {
  for (std::size_t i = 0; i < placed.size(); ++i) {
    placed[i]["status"]["startTime"] =
        fmt::format("2026-01-0{}T{:02}:{:02}:00Z", 1 + dice.below(4), i / 60, i % 60);
  }
  if (!placed.empty() && dice.chance(20)) {
    placed[dice.below(placed.size())]["status"].erase("startTime");
  }
}

void leaveByPreemption(Dice& dice, json& pod) {
  pod["metadata"]["deletionTimestamp"] = "2026-02-01T00:00:00Z";
  pod["metadata"]["deletionGracePeriodSeconds"] = 30;
  pod["status"]["conditions"].push_back(
      {{"type", "DisruptionTarget"},
       {"status", dice.chance(85) ? "True" : "False"},
       {"reason", dice.chance(80) ? "PreemptionByScheduler" : "DeletionByTaintManager"}});
}

json budget(Dice& dice, const json& placed, std::size_t number) {
  json one;
  const std::string name = "budget-" + std::to_string(number);
  one["metadata"] = {{"name", name},
                     {"namespace", dice.pick(kNamespaces)},
                     {"uid", "uid-" + name},
                     {"resourceVersion", "1"}};
  json selector = json::object();
  if (dice.chance(60)) selector["matchLabels"]["app"] = dice.pick(kApps);
  if (dice.chance(20)) {
    selector["matchExpressions"] = {
        {{"key", "tier"}, {"operator", dice.pick(Names{"Exists", "DoesNotExist"})}}};
  }
  if (dice.chance(95)) one["spec"]["selector"] = std::move(selector);
  one["status"]["disruptionsAllowed"] = dice.pick(std::vector<int>{0, 0, 0, 0, 1, 1, 2, -1});
  // The eviction of this pod has been counted already.
  if (!placed.empty() && dice.chance(25)) {
    const json& pod = dice.pick(placed.get<std::vector<json>>());
    one["metadata"]["namespace"] = pod["metadata"]["namespace"];
    one["status"]["disruptedPods"][pod["metadata"]["name"].get<std::string>()] =
        "2026-02-01T00:00:00Z";
  }
  return one;
}

// Nodes that hold as many pods as they may: nobody comes unless somebody leaves.
void crowd(Dice& dice, json& question) {
  std::map<std::string, int> held;
  for (const json& pod : question["placed"]) {
    const std::string phase = pod["status"].value("phase", "");
    if (phase != "Succeeded" && phase != "Failed") ++held[pod["spec"].value("nodeName", "")];
  }
  for (json& node : question["nodes"]) {
    if (!dice.chance(85)) continue;
    const int pods = held[node["metadata"]["name"].get<std::string>()];
    node["status"]["allocatable"]["pods"] = std::to_string(pods);
    // Room for more than one of them must be made there.
    if (dice.chance(30)) node["status"]["allocatable"]["pods"] = std::to_string(pods - pods / 2);
  }
}

}  // namespace

void addPreemption(Dice& dice, json& question) {
  json& placed = question["placed"];
  startApart(dice, placed);
  if (!dice.chance(40)) return;
  for (json& pod : question["pods"]) {
    if (dice.chance(70)) {
      pod["spec"]["priority"] = dice.pick(std::vector<int>{100, 1000, 1000, 2000000000});
    }
  }
  for (json& pod : placed) {
    if (dice.chance(4)) leaveByPreemption(dice, pod);
  }
  if (dice.chance(70)) crowd(dice, question);
  question["podDisruptionBudgets"] = json::array();
  for (std::uint64_t i = 1 + dice.below(6); i > 0; --i) {
    question["podDisruptionBudgets"].push_back(budget(dice, placed, i));
  }
}

}  // namespace stowage::conformance
