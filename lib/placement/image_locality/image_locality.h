// ImageLocality: nodes that hold a pod's images already score higher. 0..100, the same integers as
// kube-scheduler v1.36.3 (imagelocality/image_locality.go). Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stowage::placement {

// What an image of `bytes` is worth that `having` of `nodes` nodes hold: less while few have it, so
// that a popular image does not draw all pods onto its first node. Double arithmetic, truncated.
std::int64_t imageWorth(std::int64_t bytes, std::size_t having, std::size_t nodes);

// Score of a node whose images are worth `sum` to a pod of so many containers.
std::int64_t imageLocality(std::int64_t sum, std::size_t containers);

}  // namespace stowage::placement
