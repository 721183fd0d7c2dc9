#include "scheduling/volumes/volume_plan.h"

#include <algorithm>

namespace stowage::scheduling {
namespace {

using kubeapi::PersistentVolume;
using kubeapi::PersistentVolumePtr;

bool affinityAllows(const std::optional<kubeapi::NodeSelector>& affinity,
                    const kubeapi::Labels& labels) {
  // A volume's affinity knows no node names: kube-scheduler asks with labels alone.
  return !affinity || kubeapi::matches(*affinity, labels, Symbol());
}

std::uint64_t judgeBound(const VolumeFacts& facts, const NodeForVolumes& node) {
  for (const BoundClaim& bound : facts.bound) {
    if (bound.volume.object == nullptr) return kVolumeMissing;
    switch (reachOf(bound.volume, node)) {
      case Reach::kUsable:
        break;
      case Reach::kElsewhere:
        return kVolumeNodeConflict;
      case Reach::kUntranslatable:
        return kVolumeUntranslatable;
    }
  }
  return 0;
}

// The volume to bind to the claim; nullptr: none on this node.
PersistentVolumePtr pick(const DelayedClaim& delayed, const NodeForVolumes& node,
                         const std::vector<const PersistentVolume*>& taken) {
  const auto free = [&](const PersistentVolumePtr& volume) {
    return std::find(taken.begin(), taken.end(), volume.get()) == taken.end() &&
           affinityAllows(volume->node_affinity, node.labels);
  };
  if (delayed.prebound != nullptr) return free(delayed.prebound) ? delayed.prebound : nullptr;
  PersistentVolumePtr found;
  delayed.candidates_by_topology.findFirst(node.labels, [&](std::uint32_t number) {
    const PersistentVolumePtr& volume = delayed.candidates[number];
    if (!free(volume)) return false;
    found = volume;
    return true;
  });
  return found;
}

bool topologyAllows(const kubeapi::StorageClass& cls, const kubeapi::Labels& labels) {
  const auto& terms = cls.allowed_topologies;
  if (terms.empty()) return true;
  return std::any_of(terms.begin(), terms.end(), [&](const kubeapi::TopologyTerm& term) {
    const auto& requirements = term.requirements;
    return !requirements.empty() &&
           std::all_of(requirements.begin(), requirements.end(),
                       [&](const auto& each) { return kubeapi::matches(each, labels); });
  });
}

std::uint64_t judgeProvisioning(const Provisioning& provisioning, const NodeForVolumes& node) {
  if (!provisioning.possible || !topologyAllows(*provisioning.cls, node.labels)) {
    return kVolumeNoMatch;
  }
  if (!provisioning.limited) return 0;
  const bool room =
      provisioning.pools_by_topology.findFirst(node.labels, [&](std::uint32_t number) {
        return kubeapi::matches(*provisioning.pools[number]->node_topology, node.labels);
      });
  return room ? std::uint64_t{0} : std::uint64_t{kVolumeNoSpace};
}

std::uint64_t judgeDelayed(const VolumeFacts& facts, const NodeForVolumes& node, VolumePlan* plan) {
  for (const DelayedClaim& delayed : facts.delayed) {
    if (!delayed.selected_node.empty() && !(delayed.selected_node == node.name)) {
      return kVolumeNoMatch;
    }
  }
  std::vector<const PersistentVolume*> taken;
  std::vector<const DelayedClaim*> to_provision;
  for (const DelayedClaim& delayed : facts.delayed) {
    PersistentVolumePtr volume;
    if (delayed.selected_node.empty()) volume = pick(delayed, node, taken);
    if (volume == nullptr) {
      to_provision.push_back(&delayed);
      continue;
    }
    taken.push_back(volume.get());
    if (plan != nullptr) plan->bindings.push_back({std::move(volume), delayed.claim});
  }
  for (const DelayedClaim* delayed : to_provision) {
    if (const std::uint64_t why = judgeProvisioning(delayed->provisioning, node)) return why;
    if (plan != nullptr) plan->provisions.push_back(delayed->claim);
  }
  return 0;
}

}  // namespace

Reach reachOf(const LocatedVolume& volume, const NodeForVolumes& node) {
  const bool by_driver = volume.plugin != nullptr && migratedOn(*volume.plugin, node.csi);
  if (by_driver && !volume.untranslatable.empty()) return Reach::kUntranslatable;
  const auto& affinity = by_driver ? volume.csi_affinity : volume.object->node_affinity;
  return affinityAllows(affinity, node.labels) ? Reach::kUsable : Reach::kElsewhere;
}

std::uint64_t judgeVolumes(const VolumeFacts& facts, const NodeForVolumes& node, VolumePlan* plan) {
  std::uint64_t why = judgeBound(facts, node);
  if (!facts.delayed.empty()) why |= judgeDelayed(facts, node, plan);
  if (why != 0 && plan != nullptr) *plan = {};
  return why;
}

}  // namespace stowage::scheduling
