#include "conformance/scheduler/shrinker.h"

#include <set>
#include <string>
#include <vector>

namespace stowage::conformance {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

// Lists that an API server wants at least one element in.
const std::set<std::string> kNeverEmpty = {"accessModes",
                                           "matchLabelExpressions",
                                           "containers",
                                           "values",
                                           "nodeSelectorTerms",
                                           "pods",
                                           "nodes",
                                           "names",
                                           "profiles"};
// Fields that an object cannot do without, or that name it.
const std::set<std::string> kKept = {"claimName",
                                     "startTime",
                                     "volumeBindingMode",
                                     "resources",
                                     "requests",
                                     "accessModes",
                                     "storage",
                                     "capacity",
                                     "provisioner",
                                     "storageClassName",
                                     "metadata",
                                     "spec",
                                     "name",
                                     "namespace",
                                     "uid",
                                     "key",
                                     "operator",
                                     "values",
                                     "topologyKey",
                                     "whenUnsatisfiable",
                                     "maxSkew",
                                     "weight",
                                     "preference",
                                     "effect",
                                     "containerPort",
                                     "nodes",
                                     "pods",
                                     "config",
                                     "containers",
                                     "podAffinityTerm",
                                     "labelSelector",
                                     "preempt",
                                     "placed",
                                     "nodeName",
                                     "resourceVersion",
                                     "allocatable",
                                     "status",
                                     "names",
                                     "sizeBytes",
                                     "nodeSelectorTerms"};

// Every part that may be taken out, outer parts first.
void collect(const json& value, const Pointer& at, const std::string& field,
             std::vector<Pointer>& parts) {
  if (value.is_array()) {
    const bool keep_one = kNeverEmpty.contains(field) && value.size() == 1;
    // Pods live in them: a pod in a namespace that is not there is another case.
    const bool keep_all = field == "namespaces" && at.parent_pointer().empty();
    for (std::size_t i = value.size(); i-- > 0;) {
      if (!keep_one && !keep_all) parts.push_back(at / i);
    }
    for (std::size_t i = value.size(); i-- > 0;) collect(value[i], at / i, "", parts);
  } else if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      const bool all_namespaces = at.empty() && key == "namespaces";
      if (!kKept.contains(key) && !all_namespaces) parts.push_back(at / key);
    }
    for (const auto& [key, inner] : value.items()) collect(inner, at / key, key, parts);
  }
}

void remove(json& root, const Pointer& part) {
  json& parent = root.at(part.parent_pointer());
  if (parent.is_array()) {
    parent.erase(std::stoul(part.back()));
  } else {
    parent.erase(part.back());
  }
}

bool lastOfItsList(const json& root, const Pointer& part) {
  const Pointer list = part.parent_pointer();
  return root.at(list).is_array() && root.at(list).size() == 1 && kNeverEmpty.contains(list.back());
}

bool simplifyConfiguration(json& question, const std::function<bool(const json&)>& differs) {
  if (!question.contains("config")) return false;
  json config = json::parse(question["config"].get<std::string>());
  std::vector<Pointer> parts;
  collect(config["profiles"], Pointer("/profiles"), "profiles", parts);
  for (const Pointer& part : parts) {
    if (part.back() == "plugins" || part.back() == "disabled" || part.back() == "schedulerName") {
      continue;
    }
    json smaller = config;
    if (!smaller.contains(part)) continue;
    remove(smaller, part);
    json candidate = question;
    candidate["config"] = smaller.dump();
    if (!differs(candidate)) continue;
    question = std::move(candidate);
    return true;
  }
  return false;
}

bool removeOne(json& question, const std::function<bool(const json&)>& differs) {
  bool smaller = false;
  std::vector<Pointer> parts;
  collect(question, Pointer(), "", parts);
  for (const Pointer& part : parts) {
    // Earlier removals of this round may have moved or taken it; indices go down, so what is still
    // there is what it was.
    if (!question.contains(part) || lastOfItsList(question, part)) continue;
    json candidate = question;
    remove(candidate, part);
    if (!differs(candidate)) continue;
    question = std::move(candidate);
    smaller = true;
  }
  return smaller;
}

}  // namespace

json shrink(json question, const std::function<bool(const json&)>& differs) {
  // The cheapest big step: one pod alone.
  for (const json& pod : question["pods"]) {
    json alone = question;
    alone["pods"] = json::array({pod});
    if (!differs(alone)) continue;
    question = std::move(alone);
    break;
  }
  while (simplifyConfiguration(question, differs)) {
  }
  while (removeOne(question, differs)) {
  }
  return question;
}

}  // namespace stowage::conformance
