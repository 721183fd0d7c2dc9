// Shape: everything about a pod that filters and scores look at, prepared once. Pods with equal
// ShapeSpecs share one Shape, and with it every cached verdict. Owned by ShapeTable; the scheduling
// thread alone uses it (the memos below change while it is asked).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kubeapi/declared_features.h"
#include "kubeapi/pod.h"
#include "kubeapi/resources.h"
#include "placement/shape_cache.h"
#include "scheduling/cache/dimension_table.h"
#include "scheduling/cache/used_ports.h"
#include "scheduling/plugins/image_locality/pod_images.h"
#include "scheduling/plugins/node_affinity/required_nodes.h"
#include "scheduling/volumes/volume_needs.h"

namespace stowage::scheduling {

// The key. Two pods whose specs are equal get the same verdict on every node.
struct ShapeSpec {
  kubeapi::ResourceAmounts amounts;
  std::int64_t non_zero_cpu = 0;
  std::int64_t non_zero_memory = 0;
  // Without pod-level requests, which scores of NodeResourcesFit do not see; only when there are
  // any.
  std::optional<kubeapi::PodRequests> container_level;
  Symbol node_name;
  kubeapi::Labels node_selector;
  std::optional<kubeapi::NodeSelector> node_required;
  std::vector<kubeapi::PreferredNodeTerm> node_preferred;
  std::vector<kubeapi::Toleration> tolerations;  // without tolerationSeconds
  std::vector<kubeapi::HostPort> ports;
  kubeapi::FeatureSet features = 0;  // that its node must declare
  // Only in profiles that score by images: elsewhere they would only split shapes.
  std::optional<PodImages> images;
  std::optional<VolumeNeeds> volumes;  // only of pods with volumes that placement looks at
  friend bool operator==(const ShapeSpec&, const ShapeSpec&) = default;
};

// Reads the spec of an incoming pod (requests by spec, never by status).
ShapeSpec shapeSpecOf(const kubeapi::Pod& pod, bool with_images = false);
std::size_t hashOf(const ShapeSpec& spec);

struct VolumeFacts;

// What the shape's tolerations make of one taint class.
struct TaintVerdict {
  bool tolerated = true;           // no NoSchedule or NoExecute taint is left over
  std::int32_t not_preferred = 0;  // PreferNoSchedule taints that are not tolerated
};

struct Shape {
  explicit Shape(ShapeSpec key);

  const ShapeSpec spec;
  const RequiredNodes required_nodes;
  const bool tolerates_unschedulable;
  UsedPorts wanted_ports;
  std::shared_ptr<const PodDemand> demand;        // all it asks for: what a placement adds
  std::shared_ptr<const PodDemand> fit_demand;    // without the resources the profile ignores
  std::shared_ptr<const PodDemand> score_demand;  // as scores of NodeResourcesFit count it
  std::uint32_t active_filters = 0;  // bit i: filter i of the profile has something to say
  std::uint32_t references = 0;
  // Memo of what storage says about spec.volumes, and the storage version it was last compared
  // with.
  mutable std::shared_ptr<const VolumeFacts> volume_facts;
  mutable std::uint64_t volume_facts_checked = 0;

  [[nodiscard]] const TaintVerdict& taintVerdict(std::uint32_t taint_class,
                                                 const std::vector<kubeapi::Taint>& taints) const;

 private:
  mutable std::unordered_map<std::uint32_t, TaintVerdict> taint_verdicts_;
};

}  // namespace stowage::scheduling
