#include "scheduling/volumes/bind_progress.h"

#include <optional>

#include "kubeapi/kept_annotations.h"

namespace stowage::scheduling {
namespace {

using State = BindProgress::State;

BindProgress failed(std::string why) { return {State::kFailed, std::move(why)}; }

std::string quoted(const Symbol& name) { return "\"" + name.str() + "\""; }

std::string noClaim(const ClaimKey& key) {
  return "persistentvolumeclaims \"" + key.ns.str() + "/" + key.name.str() + "\" not found";
}

// nullopt: the node may use the volume.
std::optional<BindProgress> unreachable(const StorageState::Volume& volume,
                                        const NodeForVolumes& node) {
  const LocatedVolume located = locatedVolume(volume.object);
  const std::string name = quoted(volume.object->meta.name);
  switch (reachOf(located, node)) {
    case Reach::kUsable:
      return std::nullopt;
    case Reach::kElsewhere:
      return failed("pv " + name + " node affinity doesn't match node " + quoted(node.name) +
                    ": no matching NodeSelectorTerms");
    case Reach::kUntranslatable:
      break;
  }
  return failed("failed to translate pv to csi: could not translate pv: " + located.untranslatable);
}

BindProgress ofBinding(const StorageState& storage, const BindTarget& target,
                       const NodeForVolumes& node) {
  const StorageState::Volume* volume = storage.volume(target.volume);
  if (volume == nullptr) {
    return failed("failed to check binding: persistentvolumes " + quoted(target.volume) +
                  " not found");
  }
  const StorageState::Claim* claim = storage.claim(target.claim);
  if (claim == nullptr) return failed("failed to check binding: " + noClaim(target.claim));
  if (olderVersion(volume->object->meta.resource_version, target.version)) return {};
  if (auto away = unreachable(*volume, node)) return *away;
  const auto& reference = volume->object->claim;
  if (!reference || reference->uid.empty()) {
    return failed("ClaimRef got reset for pv " + quoted(target.volume));
  }
  if (!fullyBound(*claim->object)) return {};
  return {State::kBound, {}};
}

BindProgress ofProvisioning(const StorageState& storage, const BindTarget& target,
                            const NodeForVolumes& node) {
  static const Symbol selected(kubeapi::kSelectedNode);
  const StorageState::Claim* claim = storage.claim(target.claim);
  if (claim == nullptr) return failed("failed to check provisioning pvc: " + noClaim(target.claim));
  const auto& object = *claim->object;
  if (olderVersion(object.meta.resource_version, target.version)) return {};
  // A provisioner that cannot serve the node takes the annotation away.
  const Symbol* chosen = object.meta.annotations.find(selected);
  if (chosen == nullptr || !(*chosen == node.name)) {
    return failed("provisioning failed for PVC " + quoted(target.claim.name));
  }
  if (!object.volume_name.empty()) {
    const StorageState::Volume* volume = storage.volume(object.volume_name);
    if (volume == nullptr) return {};  // its own event is still on the way
    if (auto away = unreachable(*volume, node)) return *away;
  }
  if (!fullyBound(object)) return {};
  return {State::kBound, {}};
}

}  // namespace

bool olderVersion(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

BindProgress bindProgress(const StorageState& storage, const std::vector<BindTarget>& targets,
                          const NodeForVolumes& node) {
  for (const BindTarget& target : targets) {
    BindProgress one = target.volume.empty() ? ofProvisioning(storage, target, node)
                                             : ofBinding(storage, target, node);
    if (one.state != State::kBound) return one;
  }
  return {State::kBound, {}};
}

}  // namespace stowage::scheduling
