// ImageLocality as a score plugin. Single-threaded; reads the ClusterCache, which outlives it.
// Source: kube-scheduler plugins/imagelocality/image_locality.go, v1.36.3.
#pragma once

#include "scheduling/cache/cluster_cache.h"
#include "scheduling/plugins/plugin.h"

namespace stowage::scheduling {

class ImageLocality final : public ScorePlugin {
 public:
  // From now on `cache` counts images.
  explicit ImageLocality(ClusterCache& cache);
  [[nodiscard]] std::string_view name() const override { return "ImageLocality"; }
  [[nodiscard]] placement::Normalise normalise() const override {
    return placement::Normalise::kNone;
  }
  [[nodiscard]] bool applies(const Shape& shape) const override;
  [[nodiscard]] std::int64_t score(const Shape& shape, const NodeView& node) override;
  // Scores follow the sizes of the pod's images, how many nodes hold them, and the number of nodes.
  [[nodiscard]] std::uint64_t epoch(const Shape& shape) const override;

 private:
  const ClusterCache& cache_;
};

}  // namespace stowage::scheduling
