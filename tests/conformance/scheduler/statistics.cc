#include "conformance/scheduler/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stowage::conformance {

using nlohmann::json;

namespace {

// What preemption came to for a pod.
std::set<std::string> turnsOf(const json& preemption) {
  if (preemption.contains("ineligible")) return {"not eligible"};
  if (!preemption.contains("candidates")) return {"nobody helps"};
  std::set<std::string> turns = {"a node is chosen"};
  if (preemption["candidates"].size() > 1) turns.insert("several candidates");
  for (const auto& [node, victims] : preemption["candidates"].items()) {
    if (victims["pods"].size() > 1) turns.insert("several victims");
    if (victims["pdbViolations"] != 0) turns.insert("a budget is overdrawn");
  }
  return turns;
}

}  // namespace

void Statistics::countMasked(const Mask& mask, std::uint64_t pods) {
  const bool in_part = mask.scope == Mask::Scope::kPreemption;
  masked_[mask.name + (in_part ? " (preemption only)" : "")] += pods;
  if (!in_part) pods_ += pods;
}

void Statistics::countCase(const json& answers) {
  ++cases_;
  pods_ += answers.size();
  std::set<std::string> turns;
  for (const json& pod : answers) {
    if (pod.contains("preemption")) turns.merge(turnsOf(pod["preemption"]));
  }
  for (const std::string& turn : turns) ++preemption_in_[turn];
  std::set<std::string> rejected;
  std::set<std::string> scored;
  for (const json& pod : answers) {
    if (pod.contains("preFilter")) rejected.insert(pod["preFilter"]["plugin"].get<std::string>());
    if (pod.contains("absent")) rejected.insert("NodeAffinity");
    if (pod.contains("nodes")) {
      for (const auto& [node, verdict] : pod["nodes"].items()) {
        rejected.insert(verdict["plugin"].get<std::string>());
      }
    }
    if (pod.contains("feasible")) feasible_ += pod["feasible"].size();
    if (!pod.contains("scores")) continue;
    for (const auto& [plugin, of] : pod["scores"].items()) {
      const json& values = of["normalised"];
      const bool alike =
          std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
      if (!alike) scored.insert(plugin);
    }
  }
  for (const std::string& plugin : rejected) ++rejected_in_[plugin];
  for (const std::string& plugin : scored) ++scored_in_[plugin];
}

std::uint64_t Statistics::rejectedPerMille(const std::string& plugin) const {
  const auto found = rejected_in_.find(plugin);
  return found == rejected_in_.end() || cases_ == 0 ? 0 : found->second * 1000 / cases_;
}

std::uint64_t Statistics::preemptionPerMille(const std::string& what) const {
  const auto found = preemption_in_.find(what);
  return found == preemption_in_.end() || cases_ == 0 ? 0 : found->second * 1000 / cases_;
}

std::string Statistics::table(std::chrono::duration<double> elapsed) const {
  const auto share = [&](std::uint64_t part) {
    return cases_ == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(cases_);
  };
  std::string text =
      fmt::format("{} cases, {} pod-node verdicts ({} feasible) in {:.1f} s: {:.0f} cases/s\n",
                  cases_, verdicts_, feasible_, elapsed.count(),
                  static_cast<double>(cases_) / std::max(elapsed.count(), 1e-9));
  text += "cases in which the plugin said no:\n";
  for (const auto& [plugin, count] : rejected_in_) {
    text += fmt::format("  {:34}{:8} {:6.2f} %\n", plugin, count, share(count));
  }
  text += "cases in which the plugin's score told nodes apart:\n";
  for (const auto& [plugin, count] : scored_in_) {
    text += fmt::format("  {:34}{:8} {:6.2f} %\n", plugin, count, share(count));
  }
  text += "cases in which preemption came to this:\n";
  for (const auto& [turn, count] : preemption_in_) {
    text += fmt::format("  {:34}{:8} {:6.2f} %\n", turn, count, share(count));
  }
  text += fmt::format("pods (of {}) left out for a documented deviation:\n", pods_);
  for (const auto& [mask, count] : masked_) {
    text += fmt::format("  {:60}{:8} {:6.2f} %\n", mask, count,
                        100.0 * static_cast<double>(count) / static_cast<double>(pods_));
  }
  if (masked_.empty()) text += "  none\n";
  return text;
}

}  // namespace stowage::conformance
