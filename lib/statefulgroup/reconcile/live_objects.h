// Objects as the API server has them now, and small patches of them: what steps share. Private to
// lib/statefulgroup/reconcile. Pure.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "kubeapi/decode.h"
#include "statefulgroup/labels.h"
#include "statefulgroup/plan/shard_view.h"
#include "statefulgroup/ports.h"

namespace stowage::statefulgroup {

inline Fence fenceOf(const kubeapi::ObjectMeta& meta) { return {meta.uid, meta.resource_version}; }

inline std::string annotationPatch(std::string_view key, const nlohmann::json& value) {
  return nlohmann::json{{"metadata", {{"annotations", {{std::string(key), value}}}}}}.dump();
}

// The object of an answer; nullptr when there is none, or none that can be read.
template <typename T>
std::shared_ptr<const T> decode(const Answer& answer) {
  if (!answer.ok()) return nullptr;
  kubeapi::Decoder<T> decoder;
  auto object = decoder.object(answer.body);
  return object ? *object : nullptr;
}

inline std::string ownerText(const kubeapi::ObjectMeta& meta) {
  const kubeapi::OwnerReference* owner = controllerOf(meta);
  return owner == nullptr ? "nobody" : owner->kind.str() + "/" + owner->name.str();
}

// The labels by which the caches find an object, and whose it is.
inline nlohmann::json identityLabels(const kubeapi::StatefulGroup& group, Replica replica) {
  return {{std::string(kGroupLabel), group.meta.name.str()},
          {std::string(kGroupUidLabel), group.meta.uid.str()},
          {std::string(kShardLabel), std::to_string(replica.shard)},
          {std::string(kOrdinalLabel), std::to_string(replica.ordinal)}};
}

}  // namespace stowage::statefulgroup
