#include "statefulgroup/render/owned_meta.h"

#include "statefulgroup/labels.h"

namespace stowage::statefulgroup {

Json ownerReference(const kubeapi::ObjectMeta& group, Ownership ownership) {
  Json reference = {{"apiVersion", "stowage.dev/v1alpha1"},
                    {"kind", "StatefulGroup"},
                    {"name", group.name.view()},
                    {"uid", group.uid.view()}};
  if (ownership == Ownership::kController) {
    reference["controller"] = true;
    reference["blockOwnerDeletion"] = true;
  }
  return reference;
}

Json ownedMeta(const kubeapi::ObjectMeta& group, const std::string& name) {
  return {{"namespace", group.ns.view()},
          {"name", name},
          {"labels",
           {{kGroupLabel, group.name.view()},
            {kGroupUidLabel, group.uid.view()},
            {kManagedByLabel, kManagedBy}}}};
}

Json shardSelector(const kubeapi::ObjectMeta& group, int shard) {
  return {{kGroupUidLabel, group.uid.view()}, {kShardLabel, std::to_string(shard)}};
}

Json withoutReserved(Json user) {
  if (!user.is_object()) return user;
  for (auto entry = user.begin(); entry != user.end();) {
    entry = entry.key().starts_with(kReservedPrefix) ? user.erase(entry) : ++entry;
  }
  return user;
}

}  // namespace stowage::statefulgroup
