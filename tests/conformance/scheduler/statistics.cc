#include "conformance/scheduler/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stowage::conformance {

using nlohmann::json;

void Statistics::countCase(const json& answers) {
  ++cases_;
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
  text += "cases left out for a documented deviation:\n";
  for (const auto& [mask, count] : masked_) {
    text += fmt::format("  {:34}{:8} {:6.2f} %\n", mask, count, share(count));
  }
  if (masked_.empty()) text += "  none\n";
  return text;
}

}  // namespace stowage::conformance
