#include "config/resource_args.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "kubeapi/label_syntax.h"

namespace stowage::config {

namespace {

constexpr std::string_view kStrategies =
    "LeastAllocated, MostAllocated or RequestedToCapacityRatio";

// Upstream lets a strategy name a resource twice, which then counts twice; BalancedAllocation not.
void readResources(ObjectReader& reader, std::int64_t max_weight, bool unique, Problems& problems,
                   std::vector<ResourceSpec>& resources) {
  std::vector<ResourceSpec> given;
  std::set<std::string> seen;
  reader.objects("resources", [&](const YamlNode& node, const std::string& at) {
    ObjectReader item(node, at, problems);
    ResourceSpec resource;
    if (!item.text("name", resource.name) || resource.name.empty()) {
      item.problem("name", "is missing", "name a resource such as cpu");
    } else if (!seen.insert(resource.name).second && unique) {
      item.problem("name", "is listed twice", "list each resource once");
    }
    item.integer("weight", resource.weight, std::int64_t{0}, max_weight);
    if (resource.weight == 0) resource.weight = 1;  // upstream's default for 0
    item.finish();
    given.push_back(std::move(resource));
  });
  if (!given.empty()) resources = std::move(given);
}

std::vector<UtilizationShapePoint> readShape(ObjectReader& ratio, Problems& problems) {
  std::vector<UtilizationShapePoint> shape;
  bool rising = true;
  ratio.objects("shape", [&](const YamlNode& node, const std::string& at) {
    ObjectReader item(node, at, problems);
    UtilizationShapePoint point;
    item.integer("utilization", point.utilization, std::int64_t{0}, std::int64_t{100});
    item.integer("score", point.score, std::int64_t{0}, std::int64_t{10});
    item.finish();
    if (rising && !shape.empty() && point.utilization <= shape.back().utilization) {
      rising = false;
      item.problem("utilization",
                   fmt::format("is {} after {}", point.utilization, shape.back().utilization),
                   "values must be sorted in increasing order");
    }
    shape.push_back(point);
  });
  if (shape.empty()) {
    ratio.problem("shape", "is missing", "at least one point must be specified");
  }
  return shape;
}

void readRatio(ObjectReader& strategy, bool wanted, Problems& problems,
               NodeResourcesFitArgs& args) {
  const YamlNode* node = strategy.object("requestedToCapacityRatio");
  if (node == nullptr) {
    // Of the wrong type is a problem already.
    if (wanted && strategy.any("requestedToCapacityRatio") == nullptr) {
      strategy.problem("requestedToCapacityRatio", "is missing",
                       "must be specified when type is RequestedToCapacityRatio");
    }
    return;
  }
  ObjectReader ratio(*node, strategy.pathOf("requestedToCapacityRatio"), problems);
  args.shape = readShape(ratio, problems);
  ratio.finish();
  if (!wanted) {
    strategy.problem("requestedToCapacityRatio", "is given",
                     "leave it out when type is not RequestedToCapacityRatio");
  }
}

void readStrategy(ObjectReader& reader, Problems& problems, NodeResourcesFitArgs& args) {
  using Strategy = NodeResourcesFitArgs::Strategy;
  const YamlNode* node = reader.object("scoringStrategy");
  if (node == nullptr) return;
  ObjectReader strategy(*node, reader.pathOf("scoringStrategy"), problems);
  std::string type;
  if (!strategy.text("type", type) && strategy.any("type") == nullptr) {
    strategy.problem("type", "is missing", fmt::format("give {}", kStrategies));
  } else if (type == "LeastAllocated") {
    args.strategy = Strategy::kLeastAllocated;
  } else if (type == "MostAllocated") {
    args.strategy = Strategy::kMostAllocated;
  } else if (type == "RequestedToCapacityRatio") {
    args.strategy = Strategy::kRequestedToCapacityRatio;
  } else if (!type.empty()) {
    strategy.problem("type", fmt::format("is {}", quoted(type)),
                     fmt::format("give {}", kStrategies));
  }
  readResources(strategy, 100, false, problems, args.resources);
  readRatio(strategy, args.strategy == Strategy::kRequestedToCapacityRatio, problems, args);
  strategy.finish();
}

}  // namespace

void readFit(ObjectReader& reader, Problems& problems, NodeResourcesFitArgs& args) {
  reader.texts("ignoredResources", args.ignored_resources);
  for (const std::string& name : args.ignored_resources) {
    if (kubeapi::isLabelKey(name)) continue;
    reader.problem("ignoredResources", fmt::format("{} is no resource name", quoted(name)),
                   "give names such as example.com/device");
  }
  reader.texts("ignoredResourceGroups", args.ignored_resource_groups);
  for (const std::string& group : args.ignored_resource_groups) {
    if (group.find('/') != std::string::npos) {
      reader.problem("ignoredResourceGroups", fmt::format("{} contains a slash", quoted(group)),
                     "give the part before the slash");
    } else if (!kubeapi::isLabelKey(group)) {
      reader.problem("ignoredResourceGroups",
                     fmt::format("{} is no name of a group", quoted(group)),
                     "give names such as example.com");
    }
  }
  readStrategy(reader, problems, args);
}

void readBalancedResources(ObjectReader& reader, Problems& problems,
                           std::vector<ResourceSpec>& resources) {
  readResources(reader, 1, true, problems, resources);
}

}  // namespace stowage::config
