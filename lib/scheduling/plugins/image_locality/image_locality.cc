#include "scheduling/plugins/image_locality/image_locality.h"

#include "placement/image_locality/image_locality.h"
#include "placement/weighted_fractions.h"
#include "scheduling/hashing.h"

namespace stowage::scheduling {

ImageLocality::ImageLocality(ClusterCache& cache) : cache_(cache) { cache.countImages(); }

bool ImageLocality::applies(const Shape& shape) const { return shape.spec.images.has_value(); }

std::int64_t ImageLocality::score(const Shape& shape, const NodeView& node) {
  std::int64_t sum = 0;
  for (const auto& [name, times] : shape.spec.images->images) {
    const ImageState* image = cache_.images().find(name);
    if (image == nullptr || !ImageStates::has(node.info.images, image)) continue;
    const std::int64_t worth =
        placement::imageWorth(image->bytes, image->nodes, cache_.nodeCount());
    sum = placement::saturatedSum(sum, placement::saturatedProduct(worth, times));
  }
  return placement::imageLocality(sum, shape.spec.images->containers);
}

std::uint64_t ImageLocality::epoch(const Shape& shape) const {
  if (!shape.spec.images) return 0;
  HashBuilder hash;
  bool any = false;
  for (const auto& [name, times] : shape.spec.images->images) {
    const ImageState* image = cache_.images().find(name);
    hash.add(image == nullptr ? 0 : image->stamp);
    any |= image != nullptr;
  }
  // Images that are nowhere are worth nothing on any number of nodes.
  if (any) hash.add(cache_.nodeCount());
  return hash.value();
}

}  // namespace stowage::scheduling
