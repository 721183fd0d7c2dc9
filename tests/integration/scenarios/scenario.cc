#include "integration/scenarios/scenario.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace stowage::testing {

namespace {

// Unquoted integers and booleans are such; everything else is a string.
Json scalarOf(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true") return true;
  if (text == "false") return false;
  if (text == "null") return nullptr;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return number;
  return text;
}

Json jsonOf(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return scalarOf(node);
    case YAML::NodeType::Sequence: {
      Json array = Json::array();
      for (const YAML::Node& each : node) array.push_back(jsonOf(each));
      return array;
    }
    case YAML::NodeType::Map: {
      Json object = Json::object();
      for (const auto& each : node) object[each.first.Scalar()] = jsonOf(each.second);
      return object;
    }
    default:
      return nullptr;
  }
}

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  std::fprintf(stderr, "scenarios: %s: %s\n", file.c_str(), why.c_str());
  std::abort();
}

bool known(const std::string& step) {
  static const std::set<std::string> steps = {"nodes",  "pods",    "classes", "volumes",
                                              "claims", "patch",   "delete",  "bind",
                                              "rest",   "objects", "until",   "expect"};
  return steps.count(step) != 0;
}

// Objects are created in the order they are written in, which Json does not keep: the steps that
// create several take lists of maps with one key, and maps are turned into such lists here.
Json stepOf(const YAML::Node& node) {
  const auto entry = *node.begin();
  const auto kind = entry.first.as<std::string>();
  Json value = jsonOf(entry.second);
  if (entry.second.IsMap() && (kind == "nodes" || kind == "pods" || kind == "classes" ||
                               kind == "volumes" || kind == "claims")) {
    value = Json::array();
    for (const auto& each : entry.second) {
      Json brief = jsonOf(each.second);
      value.push_back({{"name", each.first.as<std::string>()},
                       {"brief", brief.is_null() ? Json::object() : brief}});
    }
  }
  return {{"do", kind}, {"with", value}};
}

Scenario scenarioOf(const std::string& file, const YAML::Node& node) {
  Scenario scenario;
  scenario.name = node["name"].as<std::string>();
  scenario.shows = node["shows"].as<std::string>();
  scenario.steps = Json::array();
  for (const YAML::Node& step : node["steps"]) {
    if (!step.IsMap() || step.size() != 1) refuse(file, scenario.name + ": a step has one key");
    scenario.steps.push_back(stepOf(step));
    const std::string what = scenario.steps.back()["do"];
    if (!known(what)) refuse(file, scenario.name + ": there is no step " + what);
  }
  if (scenario.steps.empty() || scenario.steps.back()["do"] != "expect") {
    refuse(file, scenario.name + ": the last step is what is expected");
  }
  for (const YAML::Node& each : node["differs"]) {
    Deviation known;
    known.line = each["deviation"].as<std::string>();
    known.kube_may_say = each["kube_may_say"].as<std::string>("");
    if (known.kube_may_say.empty()) {
      known.kube = each["kube"].as<std::string>();
      known.stowage = each["stowage"].as<std::string>();
    }
    scenario.deviations.push_back(known);
  }
  return scenario;
}

}  // namespace

std::vector<Scenario> loadScenarios(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Scenario> scenarios;
  for (const std::string& file : files) {
    try {
      for (const YAML::Node& node : YAML::LoadFile(file)) {
        scenarios.push_back(scenarioOf(file, node));
      }
    } catch (const YAML::Exception& error) {
      refuse(file, error.what());
    }
  }
  return scenarios;
}

}  // namespace stowage::testing
