#include "statefulgroup/canonical_template.h"

#include <algorithm>
#include <initializer_list>

#include "kubeapi/quantity.h"

namespace stowage::statefulgroup {

namespace {

using kubeapi::Quantity;
using Names = std::initializer_list<std::string_view>;

// `absent_when_empty`: members whose {} is as good as none.
void prune(Json& object, Names absent_when_empty) {
  if (!object.is_object()) return;
  for (auto member = object.begin(); member != object.end();) {
    const bool empty_object = member->is_object() && member->empty() &&
                              std::find(absent_when_empty.begin(), absent_when_empty.end(),
                                        member.key()) != absent_when_empty.end();
    const bool empty_list = member->is_array() && member->empty();
    member = member->is_null() || empty_object || empty_list ? object.erase(member) : ++member;
  }
}

void canonicalAmounts(Json* amounts) {
  if (amounts == nullptr || !amounts->is_object()) return;
  for (Json& amount : *amounts) {
    if (amount.is_string()) {
      amount = canonicalQuantity(amount.get<std::string>());
    } else if (amount.is_number()) {
      amount = canonicalQuantity(toText(amount));
    }
  }
}

void canonicalResources(Json& owner) {
  Json* resources = memberOf(owner, "resources");
  if (resources == nullptr) return;
  canonicalAmounts(memberOf(*resources, "limits"));
  canonicalAmounts(memberOf(*resources, "requests"));
  prune(*resources, {"limits", "requests"});
}

void canonicalContainers(Json* containers) {
  if (containers == nullptr || !containers->is_array()) return;
  for (Json& container : *containers) {
    canonicalResources(container);
    prune(container, {"resources"});
  }
}

}  // namespace

std::string canonicalQuantity(const std::string& text) {
  const auto amount = Quantity::parse(text);
  if (!amount) return text;
  const std::int64_t value = amount->value();
  const Quantity decimal = Quantity::fromInteger(value);
  if (decimal == *amount) {
    std::string best = decimal.toString();
    std::string binary = Quantity::fromInteger(value, Quantity::Format::kBinarySi).toString();
    return binary.size() < best.size() ? binary : best;
  }
  const Quantity milli = Quantity::fromMilli(amount->milliValue());
  return milli == *amount ? milli.toString() : amount->toString();
}

Json canonicalTemplate(Json pod_template) {
  if (Json* metadata = memberOf(pod_template, "metadata")) {
    prune(*metadata, {"labels", "annotations"});
  }
  if (Json* spec = memberOf(pod_template, "spec"); spec != nullptr && spec->is_object()) {
    for (const char* ours : {"hostname", "subdomain", "restartPolicy"}) spec->erase(ours);
    canonicalContainers(memberOf(*spec, "containers"));
    canonicalContainers(memberOf(*spec, "initContainers"));
    canonicalResources(*spec);
    canonicalAmounts(memberOf(*spec, "overhead"));
    prune(*spec, {"nodeSelector", "securityContext", "affinity"});
  }
  prune(pod_template, {"metadata"});
  return pod_template;
}

}  // namespace stowage::statefulgroup
