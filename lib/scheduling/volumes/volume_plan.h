// VolumePlan: whether a shape's volumes can be used from one node, and what has to be written so
// that they are. Pure. Source of the semantics: kube-scheduler plugins/volumebinding/binder.go
// (FindPodVolumes), v1.36.3.
#pragma once

#include <cstdint>
#include <vector>

#include "scheduling/volumes/volume_facts.h"

namespace stowage::scheduling {

// Bits of placement::Verdict::reasons, in the order in which kube-scheduler lists them.
enum VolumeReason : std::uint64_t {
  kVolumeNodeConflict = 1U << 0,   // a bound volume is not usable from the node
  kVolumeNoMatch = 1U << 1,        // no volume to bind, and none can be made for the node
  kVolumeNoSpace = 1U << 2,        // the driver has no room for it there
  kVolumeMissing = 1U << 3,        // a claim is bound to a volume that does not exist
  kVolumeUntranslatable = 1U << 4  // an in-tree volume that its driver would not know
};

// What binding must write; in the order of writing.
struct VolumePlan {
  struct Binding {
    kubeapi::PersistentVolumePtr volume;
    kubeapi::PersistentVolumeClaimPtr claim;
  };
  std::vector<Binding> bindings;
  std::vector<kubeapi::PersistentVolumeClaimPtr> provisions;
  [[nodiscard]] bool empty() const { return bindings.empty() && provisions.empty(); }
};

struct NodeForVolumes {
  const Symbol& name;
  const kubeapi::Labels& labels;
  const kubeapi::CsiNode* csi = nullptr;  // may be null
};

// Why not; 0: yes. `plan`, when given, is set for a node that fits.
std::uint64_t judgeVolumes(const VolumeFacts& facts, const NodeForVolumes& node,
                           VolumePlan* plan = nullptr);

// The node may use the volume, as its affinity says in the words that hold on that node.
enum class Reach : std::uint8_t { kUsable, kElsewhere, kUntranslatable };
Reach reachOf(const LocatedVolume& volume, const NodeForVolumes& node);

}  // namespace stowage::scheduling
