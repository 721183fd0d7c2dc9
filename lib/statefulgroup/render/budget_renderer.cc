#include "statefulgroup/render/budget_renderer.h"

#include "statefulgroup/json_value.h"
#include "statefulgroup/labels.h"
#include "statefulgroup/render/owned_meta.h"

namespace stowage::statefulgroup {

RenderedObject renderBudget(const kubeapi::StatefulGroup& group, const Names& names, int shard,
                            int min_available) {
  const std::string name = names.budget(shard);
  Json metadata = ownedMeta(group.meta, name);
  metadata["labels"][std::string(kShardLabel)] = std::to_string(shard);
  metadata["ownerReferences"] = Json::array({ownerReference(group.meta, Ownership::kController)});
  const Json budget = {
      {"apiVersion", "policy/v1"},
      {"kind", "PodDisruptionBudget"},
      {"metadata", std::move(metadata)},
      {"spec",
       {{"minAvailable", min_available},
        {"maxUnavailable", nullptr},
        {"selector", {{"matchLabels", shardSelector(group.meta, shard)}}},
        {"unhealthyPodEvictionPolicy", text(group.spec.disruption.unhealthy_eviction)}}}};
  return {name, toText(budget)};
}

}  // namespace stowage::statefulgroup
