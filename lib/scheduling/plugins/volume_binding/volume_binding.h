// VolumeBinding (the filter): claims that are bound must be usable from the node; claims that wait
// for the scheduler must find a volume, or a class that can make one there. What follows from the
// choice of a node is VolumeSteps' (cycle/volume_steps.h). Refers to the cache, which outlives it.
// Source: kube-scheduler plugins/volumebinding, v1.36.3.
#pragma once

#include "scheduling/cache/cluster_cache.h"
#include "scheduling/plugins/plugin.h"
#include "scheduling/volumes/volume_plan.h"

namespace stowage::scheduling {

class VolumeBinding final : public FilterPlugin {
 public:
  explicit VolumeBinding(const ClusterCache& cache) : cache_(cache) {}
  [[nodiscard]] std::string_view name() const override { return "VolumeBinding"; }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] std::uint64_t epoch(const Shape& shape) const override;
  [[nodiscard]] std::optional<PreFilterRejection> preFilter(const kubeapi::Pod& pod,
                                                            const Shape& shape) const override;
  [[nodiscard]] placement::Verdict check(const Shape& shape, const NodeView& node,
                                         std::uint8_t rule) const override;
  void reasons(const Shape& shape, const NodeView& node, const placement::Verdict& verdict,
               std::vector<std::string>& out) const override;
  [[nodiscard]] std::uint32_t events() const override;
  [[nodiscard]] bool wakes(const Shape& shape, const ClusterEvent& event) const override;

 private:
  const ClusterCache& cache_;
};

// What has to be written for a pod of the shape on a node that check() took; empty when its volumes
// are bound, or when it has none.
VolumePlan planVolumes(const ClusterCache& cache, const Shape& shape, const NodeView& node);

}  // namespace stowage::scheduling
