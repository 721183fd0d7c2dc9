// What everything that a group owns has in its metadata, and how its members are selected. Private
// to lib/statefulgroup. Pure.
#pragma once

#include <string>

#include "kubeapi/meta.h"
#include "statefulgroup/json_value.h"

namespace stowage::statefulgroup {

// An owner reference to the group: as the object's controller, whose deletion waits for the object;
// or only so that the object is deleted after it.
enum class Ownership { kController, kDependent };
Json ownerReference(const kubeapi::ObjectMeta& group, Ownership ownership);

// namespace, name and the labels by which the operator knows its own; no owner.
Json ownedMeta(const kubeapi::ObjectMeta& group, const std::string& name);

// The labels that select the members of a shard.
Json shardSelector(const kubeapi::ObjectMeta& group, int shard);

// Labels or annotations that a user wrote: without those that are the operator's.
Json withoutReserved(Json user);

}  // namespace stowage::statefulgroup
