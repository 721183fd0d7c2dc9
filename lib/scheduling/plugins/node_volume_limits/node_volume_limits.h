// NodeVolumeLimits: a CSI driver attaches a limited number of volumes to a node. Counts the volumes
// of the node's pods, and attachments that no pod uses any more. Refers to the cache, which
// outlives it. Source: kube-scheduler plugins/nodevolumelimits/csi.go, v1.36.3.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "scheduling/cache/cluster_cache.h"
#include "scheduling/plugins/plugin.h"

namespace stowage::scheduling {

class NodeVolumeLimits final : public FilterPlugin {
 public:
  explicit NodeVolumeLimits(const ClusterCache& cache) : cache_(cache) {}
  [[nodiscard]] std::string_view name() const override { return "NodeVolumeLimits"; }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] std::uint64_t epoch(const Shape& shape) const override;
  [[nodiscard]] placement::Verdict check(const Shape& shape, const NodeView& node,
                                         std::uint8_t rule) const override;
  void reasons(const Shape& shape, const NodeView& node, const placement::Verdict& verdict,
               std::vector<std::string>& out) const override;
  [[nodiscard]] std::uint32_t events() const override;
  [[nodiscard]] bool wakes(const Shape& shape, const ClusterEvent& event) const override;

 private:
  // Volumes that a node holds, by unique name, with their driver; a memo per slot, good while
  // neither the node nor the classes have changed.
  struct Attached {
    std::uint64_t node_version = 0;
    std::uint64_t classes_stamp = 0;
    bool known = false;
    std::unordered_map<Symbol, Symbol> in_pods;
    std::unordered_map<Symbol, std::int64_t> by_driver;
  };
  const Attached& attachedTo(const NodeView& node, const kubeapi::CsiNode& csi) const;

  const ClusterCache& cache_;
  mutable std::vector<Attached> attached_;  // by slot
};

}  // namespace stowage::scheduling
