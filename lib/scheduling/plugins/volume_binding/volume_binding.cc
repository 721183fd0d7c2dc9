#include "scheduling/plugins/volume_binding/volume_binding.h"

#include "scheduling/plugins/shape_volumes.h"

namespace stowage::scheduling {
namespace {

constexpr std::uint64_t kRejected = std::uint64_t{1} << 8;

std::uint64_t judge(const ClusterCache& cache, const Shape& shape, const NodeView& node,
                    VolumePlan* plan) {
  const VolumeFacts& facts = volumeFactsOf(cache.storage(), shape);
  if (!facts.binding_reject.empty()) return kRejected;
  const kubeapi::CsiNodePtr csi = cache.storage().csiNode(node.info.name);
  return judgeVolumes(facts, {node.info.name, node.node.meta.labels, csi.get()}, plan);
}

}  // namespace

bool VolumeBinding::applies(const Shape& shape) const { return hasVolume(shape, isClaim); }

std::uint64_t VolumeBinding::epoch(const Shape& shape) const {
  return volumeFactsOf(cache_.storage(), shape).epoch;
}

std::optional<PreFilterRejection> VolumeBinding::preFilter(const kubeapi::Pod& /*pod*/,
                                                           const Shape& shape) const {
  const VolumeFacts& facts = volumeFactsOf(cache_.storage(), shape);
  if (facts.binding_reject.empty()) return std::nullopt;
  return PreFilterRejection{true, facts.binding_reject};
}

placement::Verdict VolumeBinding::check(const Shape& shape, const NodeView& node,
                                        std::uint8_t rule) const {
  const std::uint64_t why = judge(cache_, shape, node, nullptr);
  if (why == 0) return {};
  return {.reasons = why, .rule = rule, .fit = placement::Fit::kUnresolvable};
}

void VolumeBinding::reasons(const Shape& shape, const NodeView& /*node*/,
                            const placement::Verdict& verdict,
                            std::vector<std::string>& out) const {
  const std::uint64_t why = verdict.reasons;
  if ((why & kRejected) != 0) {
    out.push_back(volumeFactsOf(cache_.storage(), shape).binding_reject);
    return;
  }
  if ((why & kVolumeNodeConflict) != 0) {
    out.emplace_back("node(s) didn't match PersistentVolume's node affinity");
  }
  if ((why & kVolumeNoMatch) != 0) {
    out.emplace_back("node(s) didn't find available persistent volumes to bind");
  }
  if ((why & kVolumeNoSpace) != 0) {
    out.emplace_back("node(s) did not have enough free storage");
  }
  if ((why & kVolumeMissing) != 0) {
    out.emplace_back("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
  }
  if ((why & kVolumeUntranslatable) != 0) {
    out.emplace_back("node(s) had in-tree volumes that no CSI driver can take over");
  }
}

std::uint32_t VolumeBinding::events() const {
  return kNodeAdd | kNodeLabels | kClaimAdd | kClaimUpdate | kVolumeAdd | kVolumeUpdate |
         kClassAdd | kClassTopologies | kCsiNodeAdd | kCsiNodeMigration | kCsiDriverUnlimited |
         kCapacityMore;
}

bool VolumeBinding::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (!shape.spec.volumes) return false;
  if ((event.kinds & (kClaimAdd | kClaimUpdate)) != 0) return usesClaim(shape, *event.claim);
  if ((event.kinds & (kNodeAdd | kNodeLabels)) == 0) return true;
  return event.node != nullptr && check(shape, *event.node, 0).fit == placement::Fit::kFits;
}

VolumePlan planVolumes(const ClusterCache& cache, const Shape& shape, const NodeView& node) {
  VolumePlan plan;
  if (hasVolume(shape, isClaim)) judge(cache, shape, node, &plan);
  return plan;
}

}  // namespace stowage::scheduling
