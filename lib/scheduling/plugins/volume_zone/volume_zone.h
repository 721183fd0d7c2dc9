// VolumeZone: zone and region labels of bound volumes against those of the node. Refers to the
// cache, which outlives it. Source: kube-scheduler plugins/volumezone, v1.36.3.
#pragma once

#include "scheduling/cache/cluster_cache.h"
#include "scheduling/plugins/plugin.h"

namespace stowage::scheduling {

class VolumeZone final : public FilterPlugin {
 public:
  explicit VolumeZone(const ClusterCache& cache) : cache_(cache) {}
  [[nodiscard]] std::string_view name() const override { return "VolumeZone"; }
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
