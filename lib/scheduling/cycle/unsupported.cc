#include "scheduling/cycle/unsupported.h"

#include <string_view>

namespace stowage::scheduling {
namespace {

// More requirements than that are looked at for every node: one pod could stall all others.
constexpr std::size_t kMaxAffinityRequirements = 1000;
// Beyond what any node attaches.
constexpr std::size_t kMaxVolumes = 256;
constexpr std::size_t kMaxPeerTerms = 128;

Refusal refusal(std::string_view plugin, std::string_view field) {
  return {pluginId(plugin),
          std::string(field) + " is not supported by this version of stowage-scheduler"};
}

// Each volume is looked at for every node, too.
std::optional<Refusal> ofVolumes(const kubeapi::Pod& pod) {
  if (pod.spec.volumes.size() <= kMaxVolumes) return std::nullopt;
  return refusal("VolumeBinding", "spec.volumes with more than 256 claims and disks");
}

// What a pod asks about other pods is worked through for every decision about it, and what its
// terms ask for every pod that is placed.
std::optional<Refusal> ofPeers(const kubeapi::Pod& pod) {
  const auto terms = [](const kubeapi::PodAffinityRules& rules) {
    return rules.required.size() + rules.preferred.size();
  };
  const kubeapi::Affinity& affinity = pod.spec.affinity;
  if (terms(affinity.pod_affinity) > kMaxPeerTerms) {
    return refusal("InterPodAffinity", "spec.affinity.podAffinity with more than 128 terms");
  }
  if (terms(affinity.pod_anti_affinity) > kMaxPeerTerms) {
    return refusal("InterPodAffinity", "spec.affinity.podAntiAffinity with more than 128 terms");
  }
  if (pod.spec.spread.size() > kMaxPeerTerms) {
    return refusal("PodTopologySpread",
                   "spec.topologySpreadConstraints with more than 128 constraints");
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

std::optional<Refusal> unsupportedFeature(const kubeapi::Pod& pod) {
  if (auto found = ofPeers(pod)) return found;
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
