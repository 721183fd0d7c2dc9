#include "scheduling/plugins/volume_restrictions/volume_restrictions.h"

#include <algorithm>

#include "scheduling/plugins/shape_volumes.h"

namespace stowage::scheduling {
namespace {

using Kind = kubeapi::PodVolume::Kind;

constexpr std::uint64_t kDiskConflict = 1;
constexpr std::uint64_t kExclusiveInUse = 2;
constexpr std::uint64_t kClaimMissing = 4;

bool isNamedClaim(const kubeapi::PodVolume& volume) { return volume.kind == Kind::kClaim; }

// Disks that a node can mount once, or once for writing.
bool isRestrictedDisk(const kubeapi::PodVolume& volume) {
  return volume.kind == Kind::kGcePd || volume.kind == Kind::kAwsEbs ||
         volume.kind == Kind::kIscsi || volume.kind == Kind::kRbd;
}

bool shareMonitor(const std::vector<Symbol>& a, const std::vector<Symbol>& b) {
  return std::any_of(a.begin(), a.end(), [&](const Symbol& monitor) {
    return std::find(b.begin(), b.end(), monitor) != b.end();
  });
}

bool conflict(const kubeapi::PodVolume& a, const kubeapi::PodVolume& b) {
  if (a.kind != b.kind || !(a.handle == b.handle)) return false;
  if (a.kind == Kind::kAwsEbs) return true;
  if (a.kind == Kind::kRbd && !shareMonitor(a.monitors, b.monitors)) return false;
  return !(a.read_only && b.read_only);
}

bool conflicts(const Shape& shape, const kubeapi::Pod& pod) {
  if (pod.spec.volumes.empty()) return false;
  return hasVolume(shape, [&](const kubeapi::PodVolume& wanted) {
    return isRestrictedDisk(wanted) &&
           std::any_of(pod.spec.volumes.begin(), pod.spec.volumes.end(),
                       [&](const kubeapi::PodVolume& other) { return conflict(wanted, other); });
  });
}

bool sharesClaim(const Shape& shape, const kubeapi::Pod& pod) {
  if (!(shape.spec.volumes->ns == pod.meta.ns)) return false;
  return hasVolume(shape, [&](const kubeapi::PodVolume& wanted) {
    return isNamedClaim(wanted) && std::any_of(pod.spec.volumes.begin(), pod.spec.volumes.end(),
                                               [&](const kubeapi::PodVolume& other) {
                                                 return isNamedClaim(other) &&
                                                        other.claim_name == wanted.claim_name;
                                               });
  });
}

}  // namespace

bool VolumeRestrictions::applies(const Shape& shape) const {
  return hasVolume(shape, [](const kubeapi::PodVolume& volume) {
    return isNamedClaim(volume) || isRestrictedDisk(volume);
  });
}

std::uint64_t VolumeRestrictions::epoch(const Shape& shape) const {
  const VolumeFacts& facts = volumeFactsOf(cache_.storage(), shape);
  HashBuilder hash;
  hash.add(facts.epoch);
  for (const ClaimKey& claim : facts.exclusive) hash.add(cache_.claimUsers().count(claim));
  return hash.value();
}

std::optional<PreFilterRejection> VolumeRestrictions::preFilter(const kubeapi::Pod& /*pod*/,
                                                                const Shape& shape) const {
  const VolumeFacts& facts = volumeFactsOf(cache_.storage(), shape);
  if (facts.restrictions_reject.empty()) return std::nullopt;
  return PreFilterRejection{true, facts.restrictions_reject};
}

placement::Verdict VolumeRestrictions::check(const Shape& shape, const NodeView& node,
                                             std::uint8_t rule) const {
  using placement::Fit;
  const VolumeFacts& facts = volumeFactsOf(cache_.storage(), shape);
  if (!facts.restrictions_reject.empty()) {
    return {.reasons = kClaimMissing, .rule = rule, .fit = Fit::kUnresolvable};
  }
  if (hasVolume(shape, isRestrictedDisk)) {
    for (const CachedPod* pod : node.info.pods) {
      if (conflicts(shape, *pod->pod)) {
        return {.reasons = kDiskConflict, .rule = rule, .fit = Fit::kUnschedulable};
      }
    }
  }
  for (const ClaimKey& claim : facts.exclusive) {
    if (cache_.claimUsers().count(claim) > 0) {
      return {.reasons = kExclusiveInUse, .rule = rule, .fit = Fit::kUnschedulable};
    }
  }
  return {};
}

void VolumeRestrictions::reasons(const Shape& shape, const NodeView& /*node*/,
                                 const placement::Verdict& verdict,
                                 std::vector<std::string>& out) const {
  if (verdict.reasons == kDiskConflict) {
    out.emplace_back("node(s) had no available disk");
  } else if (verdict.reasons == kExclusiveInUse) {
    out.emplace_back(
        "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode "
        "already "
        "in-use by another pod");
  } else {
    out.push_back(volumeFactsOf(cache_.storage(), shape).restrictions_reject);
  }
}

std::uint32_t VolumeRestrictions::events() const { return kNodeAdd | kPodGone | kClaimAdd; }

bool VolumeRestrictions::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (!shape.spec.volumes) return false;
  if ((event.kinds & kNodeAdd) != 0) return true;
  if ((event.kinds & kClaimAdd) != 0) return usesClaim(shape, *event.claim);
  if (event.pod_before == nullptr) return false;
  return conflicts(shape, *event.pod_before) || sharesClaim(shape, *event.pod_before);
}

}  // namespace stowage::scheduling
