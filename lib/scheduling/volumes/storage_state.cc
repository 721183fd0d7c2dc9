#include "scheduling/volumes/storage_state.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "kubeapi/kept_annotations.h"

namespace stowage::scheduling {
namespace {

using kubeapi::ClaimReference;

constexpr std::array<std::string_view, kStorageKinds> kResourceNames = {
    "persistentvolumeclaims",          "persistentvolumes",
    "storageclasses.storage.k8s.io",   "csinodes.storage.k8s.io",
    "csidrivers.storage.k8s.io",       "csistoragecapacities.storage.k8s.io",
    "volumeattachments.storage.k8s.io"};

ClaimKey keyOf(const ClaimReference& reference) { return {reference.ns, reference.name}; }

template <typename Key, typename Map, typename Value>
void addTo(Map& map, const Key& key, Value value) {
  map[key].push_back(std::move(value));
}

// Takes out one equal element; lists that become empty go.
template <typename Key, typename Map, typename Value>
void takeFrom(Map& map, const Key& key, const Value& value) {
  const auto found = map.find(key);
  if (found == map.end()) return;
  auto& list = found->second;
  const auto at = std::find(list.begin(), list.end(), value);
  if (at == list.end()) return;
  *at = std::move(list.back());
  list.pop_back();
  if (list.empty()) map.erase(found);
}

}  // namespace

std::string_view resourceNameOf(StorageKind kind) {
  return kResourceNames[static_cast<std::size_t>(kind)];
}

Symbol classOf(const kubeapi::PersistentVolumeClaim& claim) {
  static const Symbol beta(kubeapi::kBetaStorageClass);
  if (const Symbol* named = claim.meta.annotations.find(beta)) return *named;
  return claim.storage_class.value_or(Symbol());
}

Symbol classOf(const kubeapi::PersistentVolume& volume) {
  static const Symbol beta(kubeapi::kBetaStorageClass);
  if (const Symbol* named = volume.meta.annotations.find(beta)) return *named;
  return volume.storage_class;
}

bool fullyBound(const kubeapi::PersistentVolumeClaim& claim) {
  static const Symbol completed(kubeapi::kBindCompleted);
  return !claim.volume_name.empty() && claim.meta.annotations.find(completed) != nullptr;
}

const Symbol* StorageState::Claim::selectedNode() const {
  static const Symbol selected(kubeapi::kSelectedNode);
  if (!assumed_node.empty()) return &assumed_node;
  return object->meta.annotations.find(selected);
}

StorageChange StorageState::apply(const StorageChange& change) {
  return std::visit(
      [this](const auto& given) -> StorageChange {
        auto result = given;
        if (given.after != nullptr) {
          result.before = put(given.after);
        } else if (given.before != nullptr) {
          result.before = drop(*given.before);
        }
        return result;
      },
      change);
}

bool StorageState::apply(const StorageOutage& outage) {
  std::string& known = outages_[static_cast<std::size_t>(outage.kind)];
  const bool changed = known.empty() != outage.why.empty();
  known = outage.why;
  return changed;
}

// ---- claims ----

void StorageState::index(const Claim& claim) {
  const auto& object = *claim.object;
  if (!object.volume_name.empty()) {
    addTo(claims_on_, object.volume_name, scheduling::keyOf(object));
  }
}

void StorageState::unindex(const Claim& claim) {
  const auto& object = *claim.object;
  if (!object.volume_name.empty()) {
    takeFrom(claims_on_, object.volume_name, scheduling::keyOf(object));
  }
}

kubeapi::PersistentVolumeClaimPtr StorageState::put(
    const kubeapi::PersistentVolumeClaimPtr& object) {
  Claim& claim = claims_[scheduling::keyOf(*object)];
  kubeapi::PersistentVolumeClaimPtr before = claim.object;
  if (before != nullptr) unindex(claim);
  if (before == nullptr || before->meta.resource_version != object->meta.resource_version) {
    claim.assumed_node = {};
    claim.assumed_for = {};
  }
  claim.object = object;
  claim.stamp = stamp();
  index(claim);
  return before;
}

kubeapi::PersistentVolumeClaimPtr StorageState::drop(const kubeapi::PersistentVolumeClaim& object) {
  const auto found = claims_.find(scheduling::keyOf(object));
  if (found == claims_.end()) return nullptr;
  kubeapi::PersistentVolumeClaimPtr before = found->second.object;
  unindex(found->second);
  claims_.erase(found);
  stamp();
  return before;
}

// ---- volumes ----

void StorageState::index(const Volume& volume) {
  if (const auto& claim = volume.claim()) {
    addTo(volumes_for_, keyOf(*claim), &volume);
    return;
  }
  ClassEntry& entry = classes_[classOf(*volume.object)];
  entry.free.insert(&volume);
  entry.stamp = stamp();
}

void StorageState::unindex(const Volume& volume) {
  if (const auto& claim = volume.claim()) {
    takeFrom(volumes_for_, keyOf(*claim), &volume);
    return;
  }
  const Symbol cls = classOf(*volume.object);
  ClassEntry& entry = classes_[cls];
  entry.free.erase(&volume);
  entry.stamp = stamp();
  dropIfEmpty(cls);
}

void StorageState::dropIfEmpty(const Symbol& cls) {
  const auto found = classes_.find(cls);
  if (found == classes_.end()) return;
  const ClassEntry& entry = found->second;
  if (entry.object == nullptr && entry.free.empty() && entry.capacities.empty()) {
    classes_.erase(found);
  }
}

kubeapi::PersistentVolumePtr StorageState::put(const kubeapi::PersistentVolumePtr& object) {
  Volume& volume = volumes_[object->meta.name];
  kubeapi::PersistentVolumePtr before = volume.object;
  if (before != nullptr) unindex(volume);
  if (before == nullptr || before->meta.resource_version != object->meta.resource_version) {
    volume.assumed_claim.reset();
    volume.assumed_for = {};
  }
  volume.object = object;
  volume.stamp = stamp();
  index(volume);
  return before;
}

kubeapi::PersistentVolumePtr StorageState::drop(const kubeapi::PersistentVolume& object) {
  const auto found = volumes_.find(object.meta.name);
  if (found == volumes_.end()) return nullptr;
  kubeapi::PersistentVolumePtr before = found->second.object;
  unindex(found->second);
  volumes_.erase(found);
  stamp();
  return before;
}

// ---- classes, drivers, capacities ----

kubeapi::StorageClassPtr StorageState::put(const kubeapi::StorageClassPtr& object) {
  ClassEntry& entry = classes_[object->meta.name];
  entry.stamp = stamp();
  classes_stamp_ = version_;
  return std::exchange(entry.object, object);
}

kubeapi::StorageClassPtr StorageState::drop(const kubeapi::StorageClass& object) {
  const Symbol name = object.meta.name;
  const auto found = classes_.find(name);
  if (found == classes_.end()) return nullptr;
  found->second.stamp = stamp();
  classes_stamp_ = version_;
  kubeapi::StorageClassPtr before = std::exchange(found->second.object, nullptr);
  dropIfEmpty(name);
  return before;
}

kubeapi::CsiDriverPtr StorageState::put(const kubeapi::CsiDriverPtr& object) {
  DriverEntry& entry = drivers_[object->meta.name];
  entry.stamp = stamp();
  return std::exchange(entry.object, object);
}

kubeapi::CsiDriverPtr StorageState::drop(const kubeapi::CsiDriver& object) {
  const auto found = drivers_.find(object.meta.name);
  if (found == drivers_.end()) return nullptr;
  kubeapi::CsiDriverPtr before = found->second.object;
  drivers_.erase(found);
  stamp();
  return before;
}

kubeapi::CsiStorageCapacityPtr StorageState::put(const kubeapi::CsiStorageCapacityPtr& object) {
  ClassEntry& entry = classes_[object->storage_class];
  entry.stamp = stamp();
  return std::exchange(entry.capacities[{object->meta.ns, object->meta.name}], object);
}

kubeapi::CsiStorageCapacityPtr StorageState::drop(const kubeapi::CsiStorageCapacity& object) {
  // The class of a capacity never changes (the API server refuses it).
  const Symbol cls = object.storage_class;
  const auto found = classes_.find(cls);
  if (found == classes_.end()) return nullptr;
  auto& capacities = found->second.capacities;
  const auto at = capacities.find({object.meta.ns, object.meta.name});
  if (at == capacities.end()) return nullptr;
  kubeapi::CsiStorageCapacityPtr before = at->second;
  capacities.erase(at);
  found->second.stamp = stamp();
  dropIfEmpty(cls);
  return before;
}

// ---- what nodes have ----

kubeapi::CsiNodePtr StorageState::put(const kubeapi::CsiNodePtr& object) {
  stamp();
  return std::exchange(csi_nodes_[object->meta.name], object);
}

kubeapi::CsiNodePtr StorageState::drop(const kubeapi::CsiNode& object) {
  const auto found = csi_nodes_.find(object.meta.name);
  if (found == csi_nodes_.end()) return nullptr;
  kubeapi::CsiNodePtr before = found->second;
  csi_nodes_.erase(found);
  stamp();
  return before;
}

void StorageState::unindex(const kubeapi::VolumeAttachment& attachment) {
  takeFrom(attachments_of_node_, attachment.node_name, attachments_.at(attachment.meta.name));
  if (!attachment.volume_name.empty()) {
    takeFrom(nodes_with_, attachment.volume_name, attachment.node_name);
  }
}

kubeapi::VolumeAttachmentPtr StorageState::put(const kubeapi::VolumeAttachmentPtr& object) {
  kubeapi::VolumeAttachmentPtr before = attachments_[object->meta.name];
  if (before != nullptr) unindex(*before);
  attachments_[object->meta.name] = object;
  addTo(attachments_of_node_, object->node_name, object);
  if (!object->volume_name.empty()) addTo(nodes_with_, object->volume_name, object->node_name);
  stamp();
  return before;
}

kubeapi::VolumeAttachmentPtr StorageState::drop(const kubeapi::VolumeAttachment& object) {
  const auto found = attachments_.find(object.meta.name);
  if (found == attachments_.end()) return nullptr;
  kubeapi::VolumeAttachmentPtr before = found->second;
  unindex(*before);
  attachments_.erase(before->meta.name);
  stamp();
  return before;
}

}  // namespace stowage::scheduling
