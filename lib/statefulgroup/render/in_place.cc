#include "statefulgroup/render/in_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "statefulgroup/labels.h"
#include "statefulgroup/render/container_resources.h"
#include "statefulgroup/render/pod_json.h"
#include "statefulgroup/revision_content.h"

namespace stowage::statefulgroup {

namespace {

bool isSidecar(const Json& container) { return textOf(container, "restartPolicy") == "Always"; }

std::set<std::string> keysOf(const Json* a, const Json* b) {
  std::set<std::string> keys;
  for (const Json* object : {a, b}) {
    if (object == nullptr || !object->is_object()) continue;
    for (const auto& member : object->items()) keys.insert(member.key());
  }
  return keys;
}

bool sameMember(const Json& a, const Json& b, std::string_view name) {
  const Json* x = memberOf(a, name);
  const Json* y = memberOf(b, name);
  return x == nullptr || y == nullptr ? x == y : *x == *y;
}

// Whether cpu and memory are all that differs, and none of them is taken away.
bool isResizable(const Amounts& from, const Amounts& to) {
  for (const auto& [name, amount] : from) {
    const auto after = to.find(name);
    if (after == to.end()) return false;
    if (after->second != amount && name != "cpu" && name != "memory") return false;
  }
  return std::all_of(to.begin(), to.end(), [&](const auto& entry) {
    return from.contains(entry.first) || entry.first == "cpu" || entry.first == "memory";
  });
}

// Claims of devices are no amounts, and keep the API server from any resize.
bool hasDeviceClaims(const Json& container) {
  const Json* resources = memberOf(container, "resources");
  return resources != nullptr && memberOf(*resources, "claims") != nullptr;
}

// Compares two renderings of one pod and keeps what it comes to.
class Comparison {
 public:
  Comparison(const Json& from, const Json& to) : from_(from), to_(to) {}

  InPlaceChange compare() {
    compareMetadata("labels");
    compareMetadata("annotations");
    const Json& before = from_.at("spec");
    const Json& after = to_.at("spec");
    for (const std::string& name : keysOf(&before, &after)) {
      if (sameMember(before, after, name)) continue;
      if (name == "containers" || name == "initContainers") {
        compareContainers(name);
      } else if (name == "tolerations") {
        compareTolerations();
      } else {
        recreate("spec." + name);
      }
    }
    if (change_.resources) checkResize(after);
    return change_;
  }

  void recreate(std::string field) {
    if (change_.possible()) change_.recreate_field = std::move(field);
  }

 private:
  void compareMetadata(const char* kind) {
    const Json& before = from_.at("metadata").at(kind);
    const Json& after = to_.at("metadata").at(kind);
    for (const std::string& key : keysOf(&before, &after)) {
      if (sameMember(before, after, key)) continue;
      change_.metadata |= key != kRevisionLabel;
      checkVariables("fieldRef", "fieldPath", fmt::format("metadata.{}['{}']", kind, key));
    }
  }

  // A variable is made when its container starts, and keeps what it was made from.
  void checkVariables(const char* source, const char* member, std::string_view value) {
    for (const char* kind : {"containers", "initContainers"}) {
      const Json* containers = memberOf(to_.at("spec"), kind);
      if (containers == nullptr || !containers->is_array()) continue;
      for (const Json& container : *containers)
        checkVariables(kind, container, source, member, value);
    }
  }
  void checkVariables(const char* kind, const Json& container, const char* source,
                      const char* member, std::string_view value) {
    const Json* variables = memberOf(container, "env");
    if (variables == nullptr || !variables->is_array()) return;
    for (const Json& variable : *variables) {
      const Json* from = memberOf(variable, "valueFrom");
      const Json* reference = from != nullptr ? memberOf(*from, source) : nullptr;
      if (reference == nullptr) continue;
      if (value.empty() || textOf(*reference, member) == value) {
        recreate(fmt::format("spec.{}[{}].env[{}]", kind, textOf(container, "name"),
                             textOf(variable, "name")));
      }
    }
  }

  void compareContainers(const std::string& kind) {
    const Json* before = memberOf(from_.at("spec"), kind);
    const Json* after = memberOf(to_.at("spec"), kind);
    const auto same_name = [](const Json& a, const Json& b) {
      return !textOf(a, "name").empty() && textOf(a, "name") == textOf(b, "name");
    };
    if (before == nullptr || after == nullptr || !before->is_array() || !after->is_array() ||
        !std::equal(before->begin(), before->end(), after->begin(), after->end(), same_name)) {
      recreate("spec." + kind);
      return;
    }
    for (std::size_t i = 0; i < before->size(); ++i) {
      compareContainer(kind, before->at(i), after->at(i));
    }
  }

  void compareContainer(const std::string& kind, const Json& before, const Json& after) {
    const bool runs_on = kind == "containers" || isSidecar(after);
    for (const std::string& name : keysOf(&before, &after)) {
      if (sameMember(before, after, name)) continue;
      if (runs_on && name == "image" && !textOf(before, name).empty() &&
          !textOf(after, name).empty()) {
        change_.images = true;
        change_.restarts_containers = true;
      } else if (!runs_on || name != "resources" || !resize(before, after)) {
        recreate(fmt::format("spec.{}[{}].{}", kind, textOf(after, "name"), name));
      }
    }
  }

  bool resize(const Json& before, const Json& after) {
    const auto from = resourcesOf(before);
    const auto to = resourcesOf(after);
    if (!from || !to || hasDeviceClaims(before) || hasDeviceClaims(after) ||
        !isResizable(from->requests, to->requests) || !isResizable(from->limits, to->limits)) {
      return false;
    }
    change_.resources = true;
    change_.restarts_containers |= restartsForResize(after, *from, *to);
    return true;
  }

  static bool restartsForResize(const Json& container, const ContainerResources& from,
                                const ContainerResources& to) {
    const Json* policies = memberOf(container, "resizePolicy");
    if (policies == nullptr || !policies->is_array()) return false;
    return std::any_of(policies->begin(), policies->end(), [&](const Json& policy) {
      const std::string name = textOf(policy, "resourceName");
      const auto changed = [&](const Amounts& a, const Amounts& b) {
        const auto x = a.find(name);
        const auto y = b.find(name);
        return (x == a.end()) != (y == b.end()) || (x != a.end() && x->second != y->second);
      };
      return textOf(policy, "restartPolicy") == "RestartContainer" &&
             (changed(from.requests, to.requests) || changed(from.limits, to.limits));
    });
  }

  // What forbids a resize of any container.
  void checkResize(const Json& after) {
    const Json& before = from_.at("spec");
    const auto qos = qosOf(before);
    if (!qos || qos != qosOf(after)) recreate("status.qosClass");
    if (memberOf(after, "resources") != nullptr) recreate("spec.resources");
    const Json* os = memberOf(after, "os");
    if (os != nullptr && textOf(*os, "name") == "windows") recreate("spec.os");
    checkVariables("resourceFieldRef", "resource", {});
  }

  void compareTolerations() {
    const Json none = Json::array();
    const Json* before = memberOf(from_.at("spec"), "tolerations");
    const Json* after = memberOf(to_.at("spec"), "tolerations");
    const Json& old = before != nullptr ? *before : none;
    const Json& wanted = after != nullptr ? *after : none;
    const bool only_added =
        old.is_array() && wanted.is_array() &&
        std::all_of(old.begin(), old.end(), [&](const Json& toleration) {
          return std::find(wanted.begin(), wanted.end(), toleration) != wanted.end();
        });
    if (!only_added) recreate("spec.tolerations");
    change_.tolerations = only_added;
  }

  const Json& from_;
  const Json& to_;
  InPlaceChange change_;
};

}  // namespace

InPlaceChange inPlaceChange(const PodInputs& from, const Revision& to) {
  const Json before = podJson(from);
  const Json after = podJson(ofRevision(from, to));
  Comparison comparison(before, after);
  if (from.revision.content().restart_time != to.content().restart_time) {
    comparison.recreate("restartTime");
  }
  return comparison.compare();
}

}  // namespace stowage::statefulgroup
