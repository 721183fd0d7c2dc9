#include "statefulgroup/render/claim_renderer.h"

#include "statefulgroup/json_value.h"
#include "statefulgroup/labels.h"
#include "statefulgroup/render/owned_meta.h"

namespace stowage::statefulgroup {

namespace {

bool isOwned(const kubeapi::StatefulGroup& group) {
  return group.spec.claim_retention.when_deleted == kubeapi::group::Retention::kDelete;
}

}  // namespace

RenderedObject renderClaim(const kubeapi::StatefulGroup& group, const Names& names,
                           const kubeapi::group::ClaimTemplate& from, Replica replica) {
  const std::string name = names.claim(from.name.view(), replica);
  Json metadata = ownedMeta(group.meta, name);
  Json labels = withoutReserved(toJson(from.labels));
  labels.update(metadata["labels"]);
  labels[std::string(kShardLabel)] = std::to_string(replica.shard);
  labels[std::string(kOrdinalLabel)] = std::to_string(replica.ordinal);
  metadata["labels"] = std::move(labels);
  if (Json annotations = withoutReserved(toJson(from.annotations)); !annotations.empty()) {
    metadata["annotations"] = std::move(annotations);
  }
  if (isOwned(group)) {
    metadata["ownerReferences"] = Json::array({ownerReference(group.meta, Ownership::kDependent)});
  }
  const auto spec = parseJson(from.spec.text);
  const Json claim = {{"apiVersion", "v1"},
                      {"kind", "PersistentVolumeClaim"},
                      {"metadata", std::move(metadata)},
                      {"spec", spec ? *spec : Json::object()}};
  return {name, toText(claim)};
}

std::optional<std::string> claimOwnerPatch(const kubeapi::StatefulGroup& group,
                                           std::string_view live_claim) {
  const auto claim = parseJson(live_claim);
  const Json* metadata = claim ? memberOf(*claim, "metadata") : nullptr;
  if (metadata == nullptr || !metadata->is_object()) return std::nullopt;
  const Json* owners = memberOf(*metadata, "ownerReferences");
  Json wanted = Json::array();
  bool owned = false;
  if (owners != nullptr && owners->is_array()) {
    for (const Json& owner : *owners) {
      const bool ours = textOf(owner, "uid") == group.meta.uid.view();
      owned |= ours;
      if (!ours) wanted.push_back(owner);
    }
  }
  if (owned == isOwned(group)) return std::nullopt;
  if (!owned) wanted.push_back(ownerReference(group.meta, Ownership::kDependent));
  return toText({{"metadata",
                  {{"uid", textOf(*metadata, "uid")},
                   {"resourceVersion", textOf(*metadata, "resourceVersion")},
                   {"ownerReferences", std::move(wanted)}}}});
}

}  // namespace stowage::statefulgroup
