#include "conformance/scheduler/comparison.h"

#include <algorithm>
#include <set>
#include <vector>

namespace stowage::conformance {
namespace {

using nlohmann::json;

const json kNothing;

const json& at(const json& object, const std::string& key) {
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string text(const json& value) { return value.is_string() ? value.get<std::string>() : ""; }

Difference differ(std::string kind, const std::string& where, const json& upstream,
                  const json& ours) {
  return {std::move(kind), where + ": upstream " + upstream.dump() + ", ours " + ours.dump()};
}

// What upstream makes of a node: null when it is feasible.
const json& verdictOf(const json& upstream, const std::string& node,
                      const std::set<std::string>& feasible) {
  if (feasible.contains(node)) return kNothing;
  const json& own = at(at(upstream, "nodes"), node);
  return own.is_null() ? at(upstream, "absent") : own;
}

std::optional<Difference> compareVerdicts(const json& upstream, const json& ours) {
  std::set<std::string> feasible;
  for (const json& name : at(upstream, "feasible")) feasible.insert(name.get<std::string>());
  for (const auto& [node, mine] : at(ours, "nodes").items()) {
    const json& theirs = verdictOf(upstream, node, feasible);
    if (theirs == mine) continue;
    return differ("verdict " + text(at(theirs, "plugin")) + "/" + text(at(mine, "plugin")),
                  "node " + node, theirs, mine);
  }
  return std::nullopt;
}

bool allEqual(const json& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

std::optional<Difference> compareScores(const json& upstream, const json& ours) {
  const json& theirs = at(upstream, "scores");
  const json& mine = at(ours, "scores");
  for (const auto& [plugin, scores] : theirs.items()) {
    const json& own = at(mine, plugin);
    for (const char* part : {"weight", "raw", "normalised"}) {
      if (at(own, part) == at(scores, part)) continue;
      return differ(std::string("score ") + plugin + " " + part, plugin + "." + part,
                    at(scores, part), at(own, part));
    }
  }
  // What upstream skips must not tell nodes apart here.
  for (const auto& [plugin, scores] : mine.items()) {
    if (theirs.is_object() && theirs.contains(plugin)) continue;
    if (!allEqual(scores["normalised"])) {
      return differ("score " + plugin + " skipped", plugin, kNothing, scores);
    }
  }
  return std::nullopt;
}

std::optional<Difference> compareChoice(const json& upstream, const json& ours) {
  const json& feasible = at(upstream, "feasible");
  const json& total = at(upstream, "total");
  const json& chosen = at(ours, "chosen");
  if (feasible.empty()) {
    if (chosen.is_null()) return std::nullopt;
    return differ("choice", "chosen", kNothing, chosen);
  }
  std::int64_t best = 0;
  for (const json& sum : total) best = std::max(best, sum.get<std::int64_t>());
  for (std::size_t i = 0; i < feasible.size(); ++i) {
    const bool among_best = total.is_null() || total[i] == best;
    if (feasible[i] == chosen && among_best) return std::nullopt;
  }
  return differ("choice", "chosen", {{"feasible", feasible}, {"total", total}}, chosen);
}

std::optional<Difference> comparePreemption(const json& upstream, const json& ours) {
  const json& theirs = at(upstream, "preemption");
  const json& mine = at(ours, "preemption");
  // Upstream's "not found" after a rejection before any node was looked at says that nothing helps.
  const bool looked = at(upstream, "preFilter").is_null();
  if (looked && at(theirs, "error").is_string())
    return differ("preemption error", "preemption", theirs, mine);
  for (const char* part : {"candidates", "chosen"}) {
    if (at(theirs, part) == at(mine, part)) continue;
    return differ(std::string("preemption ") + part, part, at(theirs, part), at(mine, part));
  }
  return std::nullopt;
}

// The text without what PostFilter plugins say.
std::string withoutPostFilter(std::string message) {
  for (const char* begin : {" no new claims to deallocate", " preemption: "}) {
    message = message.substr(0, message.find(begin));
  }
  return message;
}

}  // namespace

std::optional<Difference> compareAnswers(const json& upstream, const json& ours, bool preemption) {
  for (const char* part : {"error", "preFilter"}) {
    if (at(upstream, part) != at(ours, part)) {
      const std::string plugin = text(at(at(upstream, part), "plugin"));
      return differ(std::string(part) + " " + plugin, part, at(upstream, part), at(ours, part));
    }
  }
  if (at(upstream, "error").is_string()) return std::nullopt;
  if (at(upstream, "preFilter").is_null()) {
    if (auto found = compareVerdicts(upstream, ours)) return found;
    if (at(upstream, "feasible") != at(ours, "feasible")) {
      return differ("feasible", "feasible", at(upstream, "feasible"), at(ours, "feasible"));
    }
    if (auto found = compareScores(upstream, ours)) return found;
    if (auto found = compareChoice(upstream, ours)) return found;
  }
  if (preemption) {
    if (auto found = comparePreemption(upstream, ours)) return found;
  }
  const bool same = preemption ? at(upstream, "message") == at(ours, "message")
                               : withoutPostFilter(text(at(upstream, "message"))) ==
                                     withoutPostFilter(text(at(ours, "message")));
  if (!same) {
    return differ("message", "message", at(upstream, "message"), at(ours, "message"));
  }
  return std::nullopt;
}

}  // namespace stowage::conformance
