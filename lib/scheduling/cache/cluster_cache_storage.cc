// Storage events and the nodes that they concern: how many attachments of a node are in use follows
// from claims, volumes and attachments, and verdicts about the node with it. What a shape's own
// claims say is no matter of nodes: verdicts know it by their epoch.
#include "scheduling/cache/cluster_cache.h"

namespace stowage::scheduling {
namespace {

using kubeapi::PersistentVolume;
using kubeapi::PersistentVolumeClaim;

bool attachesAlike(const std::shared_ptr<const PersistentVolumeClaim>& a,
                   const std::shared_ptr<const PersistentVolumeClaim>& b) {
  return a != nullptr && b != nullptr && a->volume_name == b->volume_name &&
         classOf(*a) == classOf(*b) && a->meta.uid == b->meta.uid;
}

// Labels are part of the handle of some in-tree volumes.
bool attachesAlike(const std::shared_ptr<const PersistentVolume>& a,
                   const std::shared_ptr<const PersistentVolume>& b) {
  return a != nullptr && b != nullptr && a->source == b->source && a->meta.labels == b->meta.labels;
}

template <typename T>
const T& either(const ObjectChange<T>& change) {
  return change.after != nullptr ? *change.after : *change.before;
}

}  // namespace

void ClusterCache::touchNode(const Symbol& name) {
  const auto found = nodes_.find(name);
  if (found != nodes_.end() && found->second->index != placement::kNoNode) {
    state_.touch(found->second->index);
  }
}

void ClusterCache::touchUsersOf(const ClaimKey& claim) {
  const NodeInfo* last = nullptr;
  for (const NodeInfo* info : claim_users_.nodes(claim)) {
    if (info == last || info->index == placement::kNoNode) continue;
    state_.touch(info->index);
    last = info;
  }
}

void ClusterCache::touchUsersOf(const PersistentVolume& volume) {
  for (const ClaimKey& claim : storage_.claimsOn(volume.meta.name)) touchUsersOf(claim);
  for (const Symbol& node : storage_.nodesWith(volume.meta.name)) touchNode(node);
}

StorageChange ClusterCache::setStorage(const StorageChange& change) {
  StorageChange applied = storage_.apply(change);
  if (const auto* claim = std::get_if<ObjectChange<PersistentVolumeClaim>>(&applied)) {
    if (claim->before == claim->after) return applied;
    if (!attachesAlike(claim->before, claim->after)) touchUsersOf(keyOf(either(*claim)));
  } else if (const auto* volume = std::get_if<ObjectChange<PersistentVolume>>(&applied)) {
    if (volume->before == volume->after) return applied;
    if (!attachesAlike(volume->before, volume->after)) touchUsersOf(either(*volume));
  } else if (const auto* csi = std::get_if<ObjectChange<kubeapi::CsiNode>>(&applied)) {
    if (csi->before != csi->after) touchNode(either(*csi).meta.name);
  } else if (const auto* attached =
                 std::get_if<ObjectChange<kubeapi::VolumeAttachment>>(&applied)) {
    if (attached->before != nullptr) touchNode(attached->before->node_name);
    if (attached->after != nullptr) touchNode(attached->after->node_name);
  }
  return applied;
}

}  // namespace stowage::scheduling
