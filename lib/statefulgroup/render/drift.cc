#include "statefulgroup/render/drift.h"

#include <algorithm>

#include "statefulgroup/canonical_template.h"
#include "statefulgroup/json_value.h"

namespace stowage::statefulgroup {

namespace {

using kubeapi::SelectorOperator;

// How a member is compared, by its name.
enum class Manner { kInside, kEqual, kSet, kAmounts };
Manner mannerOf(std::string_view name) {
  if (name == "selector") return Manner::kEqual;
  if (name == "ownerReferences" || name == "finalizers") return Manner::kSet;
  if (name == "requests" || name == "limits") return Manner::kAmounts;
  return Manner::kInside;
}

std::string amountOf(const Json& value) {
  return canonicalQuantity(value.is_string() ? value.get<std::string>() : toText(value));
}

bool isInside(const Json& live, const Json& rendered);

bool isInSet(const Json& live, const Json& rendered) {
  if (!live.is_array() || !rendered.is_array()) return false;
  return std::all_of(rendered.begin(), rendered.end(), [&](const Json& wanted) {
    return std::any_of(live.begin(), live.end(),
                       [&](const Json& there) { return isInside(there, wanted); });
  });
}

bool areAmountsInside(const Json& live, const Json& rendered) {
  if (!rendered.is_object()) return live == rendered;
  for (const auto& wanted : rendered.items()) {
    const Json* there = memberOf(live, wanted.key());
    if (there == nullptr || amountOf(*there) != amountOf(wanted.value())) return false;
  }
  return live.is_object();
}

// The member of that name.
bool isThere(std::string_view name, const Json& live, const Json& rendered) {
  switch (mannerOf(name)) {
    case Manner::kInside:
      return isInside(live, rendered);
    case Manner::kEqual:
      return live == rendered;
    case Manner::kSet:
      return isInSet(live, rendered);
    case Manner::kAmounts:
      return areAmountsInside(live, rendered);
  }
  return false;
}

// Recursion ends: parseJson() bounds the depth.
bool isInside(const Json& live, const Json& rendered) {
  if (rendered.is_array()) {
    return live.is_array() &&
           std::equal(live.begin(), live.end(), rendered.begin(), rendered.end(), isInside);
  }
  if (!rendered.is_object()) return live == rendered;
  if (!live.is_object()) return false;
  for (const auto& wanted : rendered.items()) {
    const Json* there = memberOf(live, wanted.key());
    if (wanted.value().is_null() && there == nullptr) continue;
    if (there == nullptr) return false;
    if (!isThere(wanted.key(), *there, wanted.value())) return false;
  }
  return true;
}

Json metadataOf(const kubeapi::ObjectMeta& meta) {
  Json owners = Json::array();
  for (const kubeapi::OwnerReference& owner : meta.owners) {
    owners.push_back({{"apiVersion", owner.api_version.view()},
                      {"kind", owner.kind.view()},
                      {"name", owner.name.view()},
                      {"uid", owner.uid.view()},
                      {"controller", owner.controller}});
  }
  return {{"namespace", meta.ns.view()},
          {"name", meta.name.view()},
          {"labels", toJson(meta.labels)},
          {"ownerReferences", std::move(owners)}};
}

bool contains(const kubeapi::ObjectMeta& meta, const Json& spec, std::string_view rendered) {
  auto wanted = parseJson(rendered);
  if (!wanted || !wanted->is_object()) return false;
  wanted->erase("apiVersion");
  wanted->erase("kind");
  if (Json* metadata = memberOf(*wanted, "metadata")) {
    if (Json* owners = memberOf(*metadata, "ownerReferences"); owners && owners->is_array()) {
      for (Json& owner : *owners) {
        if (owner.is_object()) owner.erase("blockOwnerDeletion");
      }
    }
  }
  return isInside({{"metadata", metadataOf(meta)}, {"spec", spec}}, *wanted);
}

// What is in both is changed, what is in `live` alone goes.
Json replacing(const Json& live, const Json& rendered) {
  if (!live.is_object() || !rendered.is_object()) return rendered;
  Json patch = Json::object();
  for (const auto& there : live.items()) {
    if (memberOf(rendered, there.key()) == nullptr) patch[there.key()] = nullptr;
  }
  for (const auto& wanted : rendered.items()) {
    const Json* there = memberOf(live, wanted.key());
    patch[wanted.key()] =
        there != nullptr ? replacing(*there, wanted.value()) : Json(wanted.value());
  }
  return patch;
}

// Those that are there, and those that are missing in the place of their like (owners have a uid).
Json united(const Json& live, const Json& rendered) {
  Json all = Json::array();
  for (const Json& there : live) {
    const bool replaced = std::any_of(rendered.begin(), rendered.end(), [&](const Json& wanted) {
      return wanted == there ||
             (!textOf(wanted, "uid").empty() && textOf(wanted, "uid") == textOf(there, "uid"));
    });
    if (!replaced) all.push_back(there);
  }
  for (const Json& wanted : rendered) all.push_back(wanted);
  return all;
}

// Recursion ends: parseJson() bounds the depth.
Json healing(const Json& live, const Json& rendered) {
  Json patch = Json::object();
  for (const auto& wanted : rendered.items()) {
    const Json* there = memberOf(live, wanted.key());
    if (there == nullptr) {
      if (!wanted.value().is_null()) patch[wanted.key()] = wanted.value();
      continue;
    }
    if (isThere(wanted.key(), *there, wanted.value())) continue;
    const Manner manner = mannerOf(wanted.key());
    if (manner == Manner::kSet && there->is_array() && wanted.value().is_array()) {
      patch[wanted.key()] = united(*there, wanted.value());
    } else if (manner == Manner::kEqual) {
      patch[wanted.key()] = replacing(*there, wanted.value());
    } else if (there->is_object() && wanted.value().is_object()) {
      patch[wanted.key()] = healing(*there, wanted.value());
    } else {
      patch[wanted.key()] = wanted.value();
    }
  }
  return patch;
}

// matchLabels as far as that says it; what else there is makes it another selector.
Json selectorOf(const kubeapi::LabelSelector& selector) {
  Json json = Json::object();
  for (const auto& requirement : selector.requirements) {
    if (requirement.op == SelectorOperator::kIn && requirement.values.size() == 1) {
      json["matchLabels"][requirement.key.str()] = requirement.values.front().view();
    } else {
      json["matchExpressions"].push_back(requirement.key.view());
    }
  }
  return json;
}

}  // namespace

bool contains(std::string_view live, std::string_view rendered) {
  const auto there = parseJson(live);
  const auto wanted = parseJson(rendered);
  return there && wanted && isInside(*there, *wanted);
}

bool contains(const kubeapi::OwnedService& live, std::string_view rendered) {
  const auto spec = parseJson(live.spec.text);
  return spec && contains(live.meta, *spec, rendered);
}

bool contains(const kubeapi::PodDisruptionBudget& live, std::string_view rendered) {
  const std::string_view policy = live.unhealthy_pod_eviction_policy.view();
  Json spec = {{"unhealthyPodEvictionPolicy", policy.empty() ? "IfHealthyBudget" : policy}};
  if (live.selector) spec["selector"] = selectorOf(*live.selector);
  if (live.min_available) spec["minAvailable"] = *live.min_available;
  return contains(live.meta, spec, rendered);
}

std::optional<std::string> healingPatch(std::string_view live, std::string_view rendered) {
  const auto there = parseJson(live);
  const auto wanted = parseJson(rendered);
  if (!there || !there->is_object() || !wanted || isInside(*there, *wanted)) return std::nullopt;
  return toText(healing(*there, *wanted));
}

}  // namespace stowage::statefulgroup
