// VolumeRestrictions: in-tree disks that one node cannot mount twice, and ReadWriteOncePod claims,
// which one pod of the whole cluster may use. Refers to the cache, which outlives it.
// Source: kube-scheduler plugins/volumerestrictions, v1.36.3.
#pragma once

#include "scheduling/cache/cluster_cache.h"
#include "scheduling/plugins/plugin.h"

namespace stowage::scheduling {

class VolumeRestrictions final : public FilterPlugin {
 public:
  explicit VolumeRestrictions(const ClusterCache& cache) : cache_(cache) {}
  [[nodiscard]] std::string_view name() const override { return "VolumeRestrictions"; }
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

}  // namespace stowage::scheduling
