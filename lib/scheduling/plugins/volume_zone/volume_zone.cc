#include "scheduling/plugins/volume_zone/volume_zone.h"

#include <algorithm>

#include "scheduling/plugins/shape_volumes.h"
#include "scheduling/volumes/zone_labels.h"

namespace stowage::scheduling {
namespace {

constexpr std::uint64_t kConflict = 1;
constexpr std::uint64_t kRejected = 2;

// The node's word for what a volume calls by its own, older or newer, label.
const Symbol* labelOfNode(const kubeapi::Labels& labels, const Symbol& key) {
  static const Symbol zone(kZoneLabel);
  static const Symbol region(kRegionLabel);
  if (const Symbol* value = labels.find(key)) return value;
  if (key.view() == kBetaZoneLabel) return labels.find(zone);
  if (key.view() == kBetaRegionLabel) return labels.find(region);
  return nullptr;
}

bool hasAnyZoneLabel(const kubeapi::Labels& labels) {
  const auto& keys = zoneAndRegionLabels();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const Symbol& key) { return labels.find(key) != nullptr; });
}

}  // namespace

bool VolumeZone::applies(const Shape& shape) const {
  return hasVolume(shape, [](const kubeapi::PodVolume& volume) {
    return volume.kind == kubeapi::PodVolume::Kind::kClaim;
  });
}

std::uint64_t VolumeZone::epoch(const Shape& shape) const {
  return volumeFactsOf(cache_.storage(), shape).epoch;
}

std::optional<PreFilterRejection> VolumeZone::preFilter(const kubeapi::Pod& /*pod*/,
                                                        const Shape& shape) const {
  const VolumeFacts& facts = volumeFactsOf(cache_.storage(), shape);
  if (facts.zone_reject.empty()) return std::nullopt;
  return PreFilterRejection{true, facts.zone_reject};
}

placement::Verdict VolumeZone::check(const Shape& shape, const NodeView& node,
                                     std::uint8_t rule) const {
  using placement::Fit;
  const VolumeFacts& facts = volumeFactsOf(cache_.storage(), shape);
  if (!facts.zone_reject.empty()) {
    return {.reasons = kRejected, .rule = rule, .fit = Fit::kUnresolvable};
  }
  const kubeapi::Labels& labels = node.node.meta.labels;
  // A cluster of one zone may have nodes without any such label.
  if (facts.zones.empty() || !hasAnyZoneLabel(labels)) return {};
  for (const ZoneRule& rule_of_volume : facts.zones) {
    const Symbol* value = labelOfNode(labels, rule_of_volume.key);
    const auto& allowed = rule_of_volume.values;
    if (value == nullptr || std::find(allowed.begin(), allowed.end(), *value) == allowed.end()) {
      return {.reasons = kConflict, .rule = rule, .fit = Fit::kUnresolvable};
    }
  }
  return {};
}

void VolumeZone::reasons(const Shape& shape, const NodeView& /*node*/,
                         const placement::Verdict& verdict, std::vector<std::string>& out) const {
  if (verdict.reasons == kConflict) {
    out.emplace_back("node(s) had no available volume zone");
  } else {
    out.push_back(volumeFactsOf(cache_.storage(), shape).zone_reject);
  }
}

std::uint32_t VolumeZone::events() const {
  return kNodeAdd | kNodeLabels | kClassAdd | kClaimAdd | kClaimUpdate | kVolumeAdd | kVolumeZones;
}

bool VolumeZone::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (!shape.spec.volumes) return false;
  if ((event.kinds & (kVolumeAdd | kVolumeZones)) != 0) return true;
  if ((event.kinds & kClassAdd) != 0) return event.storage_class->wait_for_first_consumer;
  if ((event.kinds & (kClaimAdd | kClaimUpdate)) != 0) return usesClaim(shape, *event.claim);
  return event.node != nullptr && check(shape, *event.node, 0).fit == placement::Fit::kFits;
}

}  // namespace stowage::scheduling
