#include "config/spread_args.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>

#include "kubeapi/label_syntax.h"

namespace stowage::config {

namespace {

constexpr std::int64_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();

void readPolicy(ObjectReader& item, std::string_view field, base::Symbol& policy) {
  std::string text;
  if (!item.text(field, text)) return;
  policy = text;
  if (text == "Honor" || text == "Ignore") return;
  item.problem(field, fmt::format("is {}", quoted(text)), "give Honor or Ignore");
}

// The fields that upstream takes over without a look.
void readRefinements(ObjectReader& item, kubeapi::TopologySpreadConstraint& constraint) {
  std::int64_t min_domains = 0;
  if (item.integer("minDomains", min_domains, std::int64_t{1}, kMaxInt32)) {
    constraint.min_domains = static_cast<std::int32_t>(min_domains);
  }
  readPolicy(item, "nodeAffinityPolicy", constraint.node_affinity_policy);
  readPolicy(item, "nodeTaintsPolicy", constraint.node_taints_policy);
  std::vector<std::string> keys;
  item.texts("matchLabelKeys", keys);
  constraint.match_label_keys.assign(keys.begin(), keys.end());
}

void readWhenUnsatisfiable(ObjectReader& item, kubeapi::TopologySpreadConstraint& constraint) {
  std::string action;
  item.text("whenUnsatisfiable", action);
  constraint.do_not_schedule = action == "DoNotSchedule";
  if (constraint.do_not_schedule || action == "ScheduleAnyway") return;
  item.problem("whenUnsatisfiable",
               action.empty() ? "is missing" : fmt::format("is {}", quoted(action)),
               "give DoNotSchedule or ScheduleAnyway");
}

kubeapi::TopologySpreadConstraint readConstraint(const YamlNode& node, const std::string& path,
                                                 Problems& problems) {
  ObjectReader item(node, path, problems);
  kubeapi::TopologySpreadConstraint constraint;
  std::int64_t max_skew = 1;
  if (!item.integer("maxSkew", max_skew, std::int64_t{1}, kMaxInt32) &&
      item.any("maxSkew") == nullptr) {
    item.problem("maxSkew", "is missing", "give 1 or more");
  }
  constraint.max_skew = static_cast<std::int32_t>(max_skew);
  std::string key;
  if (!item.text("topologyKey", key) || key.empty()) {
    item.problem("topologyKey", "is missing", "name a node label");
  } else if (!kubeapi::isLabelKey(key)) {
    item.problem("topologyKey", fmt::format("is {}", quoted(key)), "give the key of a label");
  }
  constraint.topology_key = key;
  readWhenUnsatisfiable(item, constraint);
  if (item.any("labelSelector") != nullptr) {
    item.problem("labelSelector", "is not allowed here",
                 "remove it: default constraints select the pods of the same workload");
  }
  readRefinements(item, constraint);
  item.finish();
  return constraint;
}

}  // namespace

void readTopologySpread(ObjectReader& reader, Problems& problems, PodTopologySpreadArgs& args) {
  auto& constraints = args.default_constraints;
  reader.objects("defaultConstraints", [&](const YamlNode& node, const std::string& path) {
    const auto constraint = readConstraint(node, path, problems);
    const bool repeated =
        std::any_of(constraints.begin(), constraints.end(), [&](const auto& other) {
          return other.topology_key == constraint.topology_key &&
                 other.do_not_schedule == constraint.do_not_schedule;
        });
    if (repeated) {
      problems.add(node.place, path, "repeats topologyKey and whenUnsatisfiable of another one",
                   "remove one of them");
    }
    constraints.push_back(constraint);
  });
  std::string type;
  const bool given = reader.text("defaultingType", type);
  if (given && type != "System" && type != "List") {
    reader.problem("defaultingType", fmt::format("is {}", quoted(type)), "give System or List");
  } else if (type != "List" && !constraints.empty()) {
    reader.problem("defaultConstraints", "is given with defaultingType System",
                   "set defaultingType: List");
  }
  if (given) args.system_defaults = type == "System";
}

}  // namespace stowage::config
