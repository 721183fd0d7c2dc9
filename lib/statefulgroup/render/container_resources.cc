#include "statefulgroup/render/container_resources.h"

#include <algorithm>

namespace stowage::statefulgroup {

namespace {

using kubeapi::Quantity;

bool readAmounts(const Json* from, Amounts& out) {
  if (from == nullptr || from->is_null()) return true;
  if (!from->is_object()) return false;
  for (const auto& entry : from->items()) {
    const Json& value = entry.value();
    if (!value.is_string() && !value.is_number()) return false;
    const auto amount =
        Quantity::parse(value.is_string() ? value.get<std::string>() : toText(value));
    if (!amount) return false;
    out[entry.key()] = *amount;
  }
  return true;
}

// Sums of what counts for the class of the pod: cpu and memory above zero.
struct QosSums {
  Amounts requests;
  Amounts limits;
  bool all_limited = true;

  static void add(Amounts& sums, const Amounts& amounts) {
    for (const char* name : {"cpu", "memory"}) {
      const auto amount = amounts.find(name);
      if (amount != amounts.end() && amount->second > Quantity()) sums[name] += amount->second;
    }
  }
  void add(const ContainerResources& container) {
    add(requests, container.requests);
    add(limits, container.limits);
    Amounts own;
    add(own, container.limits);
    all_limited &= own.size() == 2;
  }
  [[nodiscard]] QosClass classOf() const {
    if (requests.empty() && limits.empty()) return QosClass::kBestEffort;
    const bool same = std::all_of(requests.begin(), requests.end(), [&](const auto& request) {
      const auto limit = limits.find(request.first);
      return limit != limits.end() && limit->second == request.second;
    });
    const bool guaranteed = all_limited && same && requests.size() == limits.size();
    return guaranteed ? QosClass::kGuaranteed : QosClass::kBurstable;
  }
};

}  // namespace

std::optional<ContainerResources> resourcesOf(const Json& container) {
  ContainerResources out;
  const Json* resources = memberOf(container, "resources");
  if (resources == nullptr || resources->is_null()) return out;
  if (!resources->is_object() || !readAmounts(memberOf(*resources, "requests"), out.requests) ||
      !readAmounts(memberOf(*resources, "limits"), out.limits)) {
    return std::nullopt;
  }
  for (const auto& [name, limit] : out.limits) out.requests.emplace(name, limit);
  return out;
}

std::optional<QosClass> qosOf(const Json& pod_spec) {
  QosSums sums;
  for (const char* kind : {"containers", "initContainers"}) {
    const Json* containers = memberOf(pod_spec, kind);
    if (containers == nullptr || !containers->is_array()) continue;
    for (const Json& container : *containers) {
      const auto resources = resourcesOf(container);
      if (!resources) return std::nullopt;
      sums.add(*resources);
    }
  }
  return sums.classOf();
}

}  // namespace stowage::statefulgroup
