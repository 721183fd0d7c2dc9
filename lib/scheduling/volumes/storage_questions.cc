// Questions to the storage state, assumptions about it, and its own check.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "scheduling/volumes/storage_state.h"

namespace stowage::scheduling {
namespace {

ClaimKey keyOf(const kubeapi::ClaimReference& reference) { return {reference.ns, reference.name}; }

template <typename Map, typename Key>
const typename Map::mapped_type& listIn(const Map& map, const Key& key) {
  static const typename Map::mapped_type none;
  const auto found = map.find(key);
  return found == map.end() ? none : found->second;
}

}  // namespace

// ---- questions ----

const StorageState::Claim* StorageState::claim(const ClaimKey& key) const {
  const auto found = claims_.find(key);
  return found == claims_.end() ? nullptr : &found->second;
}

const StorageState::Volume* StorageState::volume(const Symbol& name) const {
  const auto found = volumes_.find(name);
  return found == volumes_.end() ? nullptr : &found->second;
}

kubeapi::StorageClassPtr StorageState::storageClass(const Symbol& name) const {
  const auto found = classes_.find(name);
  return found == classes_.end() ? nullptr : found->second.object;
}

kubeapi::CsiNodePtr StorageState::csiNode(const Symbol& node) const {
  const auto found = csi_nodes_.find(node);
  return found == csi_nodes_.end() ? nullptr : found->second;
}

kubeapi::CsiDriverPtr StorageState::csiDriver(const Symbol& name) const {
  const auto found = drivers_.find(name);
  return found == drivers_.end() ? nullptr : found->second.object;
}

const std::unordered_set<const StorageState::Volume*>& StorageState::freeVolumes(
    const Symbol& cls) const {
  static const std::unordered_set<const Volume*> none;
  const auto found = classes_.find(cls);
  return found == classes_.end() ? none : found->second.free;
}

const std::vector<const StorageState::Volume*>& StorageState::volumesFor(
    const ClaimKey& key) const {
  return listIn(volumes_for_, key);
}

const std::vector<ClaimKey>& StorageState::claimsOn(const Symbol& volume) const {
  return listIn(claims_on_, volume);
}

std::vector<kubeapi::CsiStorageCapacityPtr> StorageState::capacities(const Symbol& cls) const {
  std::vector<kubeapi::CsiStorageCapacityPtr> list;
  const auto found = classes_.find(cls);
  if (found == classes_.end()) return list;
  list.reserve(found->second.capacities.size());
  for (const auto& [key, capacity] : found->second.capacities) list.push_back(capacity);
  return list;
}

const std::vector<kubeapi::VolumeAttachmentPtr>& StorageState::attachments(
    const Symbol& node) const {
  return listIn(attachments_of_node_, node);
}

std::vector<Symbol> StorageState::nodesWith(const Symbol& volume) const {
  return listIn(nodes_with_, volume);
}

std::uint64_t StorageState::classStamp(const Symbol& cls) const {
  const auto found = classes_.find(cls);
  return found == classes_.end() ? 0 : found->second.stamp;
}

std::uint64_t StorageState::driverStamp(const Symbol& name) const {
  const auto found = drivers_.find(name);
  return found == drivers_.end() ? 0 : found->second.stamp;
}

// ---- assumptions ----

void StorageState::assumeClaimed(const Symbol& name, kubeapi::ClaimReference by,
                                 const Symbol& pod) {
  const auto found = volumes_.find(name);
  STOWAGE_CHECK(found != volumes_.end(), "a volume is assumed claimed that is not there");
  Volume& volume = found->second;
  unindex(volume);
  volume.assumed_claim = std::move(by);
  volume.assumed_for = pod;
  volume.stamp = stamp();
  index(volume);
}

void StorageState::assumeSelected(const ClaimKey& key, Symbol node, const Symbol& pod) {
  const auto found = claims_.find(key);
  STOWAGE_CHECK(found != claims_.end(), "a node is assumed for a claim that is not there");
  found->second.assumed_node = std::move(node);
  found->second.assumed_for = pod;
  found->second.stamp = stamp();
}

void StorageState::revertVolume(const Symbol& name, const Symbol& pod) {
  const auto found = volumes_.find(name);
  if (found == volumes_.end()) return;
  Volume& volume = found->second;
  if (!volume.assumed_claim || !(volume.assumed_for == pod)) return;
  unindex(volume);
  volume.assumed_claim.reset();
  volume.assumed_for = {};
  volume.stamp = stamp();
  index(volume);
}

void StorageState::revertClaim(const ClaimKey& key, const Symbol& pod) {
  const auto found = claims_.find(key);
  if (found == claims_.end()) return;
  Claim& claim = found->second;
  if (claim.assumed_node.empty() || !(claim.assumed_for == pod)) return;
  claim.assumed_node = {};
  claim.assumed_for = {};
  claim.stamp = stamp();
}

bool StorageState::consistent() const {
  std::size_t free = 0;
  std::size_t claimed = 0;
  for (const auto& [name, volume] : volumes_) {
    if (const auto& claim = volume.claim()) {
      const auto& list = volumesFor(keyOf(*claim));
      if (std::count(list.begin(), list.end(), &volume) != 1) return false;
      ++claimed;
    } else {
      if (!freeVolumes(classOf(*volume.object)).contains(&volume)) return false;
      ++free;
    }
  }
  for (const auto& [cls, entry] : classes_) {
    free -= entry.free.size();
    if (entry.object == nullptr && entry.free.empty() && entry.capacities.empty()) return false;
  }
  for (const auto& [key, list] : volumes_for_) claimed -= list.size();
  std::size_t named = 0;
  for (const auto& [key, claim] : claims_) {
    if (claim.object->volume_name.empty()) continue;
    const auto& list = claimsOn(claim.object->volume_name);
    if (std::count(list.begin(), list.end(), key) != 1) return false;
    ++named;
  }
  for (const auto& [volume, list] : claims_on_) named -= list.size();
  std::size_t attached = attachments_.size();
  for (const auto& [node, list] : attachments_of_node_) attached -= list.size();
  return free == 0 && claimed == 0 && named == 0 && attached == 0;
}

}  // namespace stowage::scheduling
