#include "scheduling/cycle/unsupported.h"

#include <string_view>

namespace stowage::scheduling {
namespace {

// More requirements than that are looked at for every node: one pod could stall all others.
constexpr std::size_t kMaxAffinityRequirements = 1000;

Refusal refusal(std::string_view plugin, std::string_view field) {
  return {pluginId(plugin),
          std::string(field) + " is not supported by this version of stowage-scheduler"};
}

std::optional<Refusal> ofVolumes(const kubeapi::Pod& pod) {
  using Kind = kubeapi::PodVolume::Kind;
  for (const auto& volume : pod.spec.volumes) {
    switch (volume.kind) {
      case Kind::kClaim:
        return refusal("VolumeBinding", "spec.volumes[].persistentVolumeClaim");
      case Kind::kEphemeral:
        return refusal("VolumeBinding", "spec.volumes[].ephemeral");
      case Kind::kGcePd:
        return refusal("VolumeRestrictions", "spec.volumes[].gcePersistentDisk");
      case Kind::kAwsEbs:
        return refusal("VolumeRestrictions", "spec.volumes[].awsElasticBlockStore");
      case Kind::kIscsi:
        return refusal("VolumeRestrictions", "spec.volumes[].iscsi");
      case Kind::kRbd:
        return refusal("VolumeRestrictions", "spec.volumes[].rbd");
      case Kind::kAzureDisk:
        return refusal("NodeVolumeLimits", "spec.volumes[].azureDisk");
      case Kind::kOtherAttachable:
        return refusal("NodeVolumeLimits", "spec.volumes[] of an attachable kind");
      case Kind::kImage:
        break;  // pulled by the kubelet; matters to no filter
    }
  }
  return std::nullopt;
}

std::optional<Refusal> ofAffinity(const kubeapi::Pod& pod, PluginSet enabled) {
  const auto& affinity = pod.spec.affinity;
  if ((enabled & bitOf(pluginId("InterPodAffinity"))) != 0) {
    if (!affinity.pod_affinity.empty()) {
      return refusal("InterPodAffinity", "spec.affinity.podAffinity");
    }
    if (!affinity.pod_anti_affinity.empty()) {
      return refusal("InterPodAffinity", "spec.affinity.podAntiAffinity");
    }
  }
  if (!pod.spec.spread.empty() && (enabled & bitOf(pluginId("PodTopologySpread"))) != 0) {
    return refusal("PodTopologySpread", "spec.topologySpreadConstraints");
  }
  return std::nullopt;
}

std::size_t requirements(const kubeapi::NodeSelectorTerm& term) {
  return term.match_expressions.size() + term.match_fields.size();
}

std::optional<Refusal> ofSize(const kubeapi::Pod& pod) {
  std::size_t count = 0;
  if (pod.spec.affinity.node_required) {
    for (const auto& term : pod.spec.affinity.node_required->terms) count += requirements(term);
  }
  for (const auto& preferred : pod.spec.affinity.node_preferred) {
    count += requirements(preferred.term);
  }
  if (count <= kMaxAffinityRequirements) return std::nullopt;
  return refusal("NodeAffinity", "spec.affinity.nodeAffinity with more than 1000 requirements");
}

}  // namespace

std::optional<Refusal> unsupportedFeature(const kubeapi::Pod& pod, PluginSet enabled) {
  if (auto found = ofAffinity(pod, enabled)) return found;
  if (auto found = ofVolumes(pod)) return found;
  if (pod.spec.has_resource_claims) return refusal("DynamicResources", "spec.resourceClaims");
  for (const auto& container : pod.spec.containers) {
    if (container.has_resource_claims) {
      return refusal("DynamicResources", "spec.containers[].resources.claims");
    }
  }
  if (!pod.spec.scheduling_group.empty()) return refusal("GangScheduling", "spec.schedulingGroup");
  return ofSize(pod);
}

}  // namespace stowage::scheduling
