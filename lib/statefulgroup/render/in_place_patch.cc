// The writes of a change in place: what of it the living pod still lacks.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "statefulgroup/render/container_resources.h"
#include "statefulgroup/render/in_place.h"
#include "statefulgroup/render/pod_json.h"

namespace stowage::statefulgroup {

namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr std::array kContainerKinds = {"containers", "initContainers"};

const Json& listOf(const Json& pod, const char* name) {
  static const Json kNone = Json::array();
  const Json* list = memberOf(pod.at("spec"), name);
  return list != nullptr && list->is_array() ? *list : kNone;
}

// The member of an object of amounts, made when absent.
Json& amountsIn(Json& container, const char* kind) {
  Json& resources = container["resources"];
  if (!resources.is_object()) resources = Json::object();
  Json& amounts = resources[kind];
  if (!amounts.is_object()) amounts = Json::object();
  return amounts;
}

bool setAmounts(Json& container, const char* kind, const Amounts& there, const Amounts& wanted) {
  bool changed = false;
  for (const char* name : {"cpu", "memory"}) {
    const auto amount = wanted.find(name);
    if (amount == wanted.end()) continue;
    const auto now = there.find(name);
    if (now != there.end() && now->second == amount->second) continue;
    amountsIn(container, kind)[name] = amount->second.toString();
    changed = true;
  }
  return changed;
}

class PatchWriter {
 public:
  PatchWriter(Json before, Json after, Json live)
      : before_(std::move(before)), after_(std::move(after)), live_(std::move(live)) {}

  base::Result<std::optional<PodPatch>> next() {
    std::optional<PodPatch> patch = resize();
    if (!patch && problem_.ok()) patch = rest();
    if (!problem_.ok()) return fail(problem_);
    return patch;
  }

 private:
  // Calls `change(there, wanted)` for the container of the living pod that a changed one became,
  // and puts lists in which something changed into the patch.
  template <typename Change>
  bool eachChanged(Json& patch, const char* member, Change change) {
    bool any = false;
    for (const char* kind : kContainerKinds) {
      Json there = listOf(live_, kind);
      const Json& before = listOf(before_, kind);
      const Json& after = listOf(after_, kind);
      bool changed = false;
      for (std::size_t i = 0; i < after.size() && i < before.size(); ++i) {
        if (before[i].value(member, Json()) == after[i].value(member, Json())) continue;
        Json* container = find(there, textOf(after[i], "name"));
        if (container != nullptr) changed |= change(*container, after[i]);
      }
      if (changed) patch["spec"][kind] = std::move(there);
      any |= changed;
    }
    return any;
  }

  Json* find(Json& containers, const std::string& name) {
    const auto found = std::find_if(containers.begin(), containers.end(),
                                    [&](const Json& one) { return textOf(one, "name") == name; });
    if (found != containers.end()) return &*found;
    problem_ = Status(Code::kInvalidArgument, fmt::format("the pod has no container {}", name));
    return nullptr;
  }

  std::optional<PodPatch> resize() {
    Json patch = fenced();
    const bool any = eachChanged(patch, "resources", [&](Json& there, const Json& wanted) {
      const auto now = resourcesOf(there);
      const auto then = resourcesOf(wanted);
      if (!now || !then) {
        problem_ = Status(Code::kInvalidArgument, "resources of the pod cannot be read");
        return false;
      }
      const bool requests = setAmounts(there, "requests", now->requests, then->requests);
      return setAmounts(there, "limits", now->limits, then->limits) || requests;
    });
    if (!any) return std::nullopt;
    return PodPatch{"resize", toText(patch)};
  }

  std::optional<PodPatch> rest() {
    Json patch = fenced();
    bool any = eachChanged(patch, "image", [](Json& there, const Json& wanted) {
      if (textOf(there, "image") == textOf(wanted, "image")) return false;
      there["image"] = wanted["image"];
      return true;
    });
    any |= addTolerations(patch);
    for (const char* kind : {"labels", "annotations"}) any |= addMetadata(patch, kind);
    if (!any) return std::nullopt;
    return PodPatch{"", toText(patch)};
  }

  bool addTolerations(Json& patch) {
    const Json& before = listOf(before_, "tolerations");
    Json there = listOf(live_, "tolerations");
    bool any = false;
    for (const Json& wanted : listOf(after_, "tolerations")) {
      if (std::find(before.begin(), before.end(), wanted) != before.end() ||
          std::find(there.begin(), there.end(), wanted) != there.end()) {
        continue;
      }
      there.push_back(wanted);
      any = true;
    }
    if (any) patch["spec"]["tolerations"] = std::move(there);
    return any;
  }

  bool addMetadata(Json& patch, const char* kind) {
    const Json& before = before_.at("metadata").at(kind);
    const Json& after = after_.at("metadata").at(kind);
    const Json* there = memberOf(live_.at("metadata"), kind);
    Json changes = Json::object();
    const auto want = [&](const std::string& key, const Json& value) {
      const Json* now = there != nullptr ? memberOf(*there, key) : nullptr;
      if (now != nullptr ? *now != value : !value.is_null()) changes[key] = value;
    };
    for (const auto& entry : before.items()) {
      if (memberOf(after, entry.key()) == nullptr) want(entry.key(), nullptr);
    }
    for (const auto& entry : after.items()) {
      const Json* old = memberOf(before, entry.key());
      if (old == nullptr || *old != entry.value()) want(entry.key(), entry.value());
    }
    if (changes.empty()) return false;
    patch["metadata"][kind] = std::move(changes);
    return true;
  }

  [[nodiscard]] Json fenced() const {
    const Json& metadata = live_.at("metadata");
    return {{"metadata",
             {{"uid", textOf(metadata, "uid")},
              {"resourceVersion", textOf(metadata, "resourceVersion")}}}};
  }

  Json before_;
  Json after_;
  Json live_;
  Status problem_;
};

}  // namespace

base::Result<std::optional<PodPatch>> nextInPlacePatch(const PodInputs& from, const Revision& to,
                                                       std::string_view live_pod) {
  const InPlaceChange change = inPlaceChange(from, to);
  if (!change.possible()) {
    return fail(Code::kInvalidArgument, change.recreate_field + " cannot change in place");
  }
  auto live = parseJson(live_pod);
  const Json* metadata = live ? memberOf(*live, "metadata") : nullptr;
  const Json* spec = live ? memberOf(*live, "spec") : nullptr;
  if (metadata == nullptr || spec == nullptr || !spec->is_object() ||
      textOf(*metadata, "uid").empty() || textOf(*metadata, "resourceVersion").empty() ||
      textOf(*metadata, "name") != from.names.pod(from.replica)) {
    return fail(Code::kInvalidArgument, "not the pod of this member");
  }
  return PatchWriter(podJson(from), podJson(ofRevision(from, to)), std::move(*live)).next();
}

}  // namespace stowage::statefulgroup
