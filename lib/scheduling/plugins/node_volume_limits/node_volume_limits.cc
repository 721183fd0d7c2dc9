#include "scheduling/plugins/node_volume_limits/node_volume_limits.h"

#include <algorithm>

#include "scheduling/plugins/shape_volumes.h"

namespace stowage::scheduling {
namespace {

constexpr std::uint64_t kTooMany = 1;
constexpr std::uint64_t kUncountable = 2;

bool isCounted(const kubeapi::PodVolume& volume) {
  return isClaim(volume) || migratedPlugin(volume.kind) != nullptr;
}

std::optional<std::int32_t> limitOf(const kubeapi::CsiNode& csi, const Symbol& driver) {
  for (const kubeapi::CsiNodeDriver& each : csi.drivers) {
    if (each.name == driver) return each.volume_limit;
  }
  return std::nullopt;
}

// What a volume of a placed pod takes; claims that cannot be looked up take nothing.
std::optional<Attachable> attachableOf(const StorageState& storage, const kubeapi::Pod& pod,
                                       const kubeapi::PodVolume& volume) {
  if (isClaim(volume)) {
    const StorageState::Claim* claim = storage.claim({pod.meta.ns, claimNameOf(pod, volume)});
    if (claim == nullptr) return std::nullopt;
    const bool ephemeral = volume.kind == kubeapi::PodVolume::Kind::kEphemeral;
    if (ephemeral && !ownedBy(*claim->object, pod.meta.uid)) return std::nullopt;
    return attachableOf(storage, *claim->object);
  }
  const MigratedPlugin* plugin = migratedPlugin(volume.kind);
  if (plugin == nullptr) return std::nullopt;
  const auto csi = csiVolumeOf(*plugin, volume);
  if (!csi) return std::nullopt;
  return Attachable{csi->driver.str() + "/" + csi->handle.str(), csi->driver};
}

}  // namespace

bool NodeVolumeLimits::applies(const Shape& shape) const { return hasVolume(shape, isCounted); }

std::uint64_t NodeVolumeLimits::epoch(const Shape& shape) const {
  HashBuilder hash;
  hash.add(volumeFactsOf(cache_.storage(), shape).epoch);
  hash.add(cache_.storage().classesStamp());
  return hash.value();
}

const NodeVolumeLimits::Attached& NodeVolumeLimits::attachedTo(const NodeView& node,
                                                               const kubeapi::CsiNode& csi) const {
  const StorageState& storage = cache_.storage();
  const placement::NodeIndex slot = node.info.index;
  if (attached_.size() <= slot) attached_.resize(slot + 1);
  Attached& memo = attached_[slot];
  const std::uint64_t version = node.state.nodeVersion(slot);
  if (memo.known && memo.node_version == version && memo.classes_stamp == storage.classesStamp()) {
    return memo;
  }
  memo = {};
  memo.known = true;
  memo.node_version = version;
  memo.classes_stamp = storage.classesStamp();
  for (const CachedPod* pod : node.info.pods) {
    for (const kubeapi::PodVolume& volume : pod->pod->spec.volumes) {
      const auto one = attachableOf(storage, *pod->pod, volume);
      if (one && memo.in_pods.emplace(one->unique, one->driver).second) {
        ++memo.by_driver[one->driver];
      }
    }
  }
  std::unordered_map<Symbol, Symbol> attachments;
  for (const kubeapi::VolumeAttachmentPtr& attachment : storage.attachments(csi.meta.name)) {
    if (attachment->attacher.empty()) continue;
    const StorageState::Volume* volume = storage.volume(attachment->volume_name);
    if (volume == nullptr || volume->object->source.plugin.view() != "csi") continue;
    const Symbol unique = attachment->attacher.str() + "/" + volume->object->source.handle.str();
    if (!memo.in_pods.contains(unique)) attachments.emplace(unique, attachment->attacher);
  }
  for (const auto& [unique, driver] : attachments) ++memo.by_driver[driver];
  return memo;
}

placement::Verdict NodeVolumeLimits::check(const Shape& shape, const NodeView& node,
                                           std::uint8_t rule) const {
  using placement::Fit;
  const VolumeFacts& facts = volumeFactsOf(cache_.storage(), shape);
  if (!facts.attach_error.empty()) {
    return {.reasons = kUncountable, .rule = rule, .fit = Fit::kUnresolvable};
  }
  if (facts.attachables.empty()) return {};
  const kubeapi::CsiNodePtr csi = cache_.storage().csiNode(node.info.name);
  if (csi == nullptr) return {};  // no limits are known
  const bool limited =
      std::any_of(facts.attachables.begin(), facts.attachables.end(),
                  [&](const Attachable& one) { return limitOf(*csi, one.driver).has_value(); });
  if (!limited) return {};
  const Attached& attached = attachedTo(node, *csi);
  std::unordered_map<Symbol, Symbol> fresh;
  std::unordered_map<Symbol, std::int64_t> added;
  for (const Attachable& one : facts.attachables) {
    if (attached.in_pods.contains(one.unique)) continue;
    if (fresh.emplace(one.unique, one.driver).second) ++added[one.driver];
  }
  for (const auto& [driver, count] : added) {
    const auto limit = limitOf(*csi, driver);
    if (!limit) continue;
    const auto used = attached.by_driver.find(driver);
    const std::int64_t before = used == attached.by_driver.end() ? 0 : used->second;
    if (before + count > *limit) {
      return {.reasons = kTooMany, .rule = rule, .fit = Fit::kUnschedulable};
    }
  }
  return {};
}

void NodeVolumeLimits::reasons(const Shape& shape, const NodeView& /*node*/,
                               const placement::Verdict& verdict,
                               std::vector<std::string>& out) const {
  if (verdict.reasons == kTooMany) {
    out.emplace_back("node(s) exceed max volume count");
  } else {
    out.push_back(volumeFactsOf(cache_.storage(), shape).attach_error);
  }
}

std::uint32_t NodeVolumeLimits::events() const {
  return kPodGone | kClaimAdd | kCsiNodeAdd | kCsiNodeLimitRaised | kAttachmentGone;
}

bool NodeVolumeLimits::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (!shape.spec.volumes) return false;
  if ((event.kinds & (kCsiNodeAdd | kCsiNodeLimitRaised)) != 0) return true;
  if ((event.kinds & kClaimAdd) != 0) return usesClaim(shape, *event.claim);
  if ((event.kinds & kAttachmentGone) != 0) {
    return hasVolume(shape, [&](const kubeapi::PodVolume& volume) {
      const MigratedPlugin* plugin = migratedPlugin(volume.kind);
      return isClaim(volume) ||
             (plugin != nullptr && plugin->driver == event.attachment->attacher.view());
    });
  }
  if (event.pod_before == nullptr) return false;
  const auto& volumes = event.pod_before->spec.volumes;
  return std::any_of(volumes.begin(), volumes.end(), isCounted);
}

}  // namespace stowage::scheduling
