// PodImages: the images that a pod will run, as nodes name them. Value type; pure.
// Source: kube-scheduler plugins/imagelocality/image_locality.go, v1.36.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kubeapi/pod.h"

namespace stowage::scheduling {

struct PodImages {
  // Name and how often the pod uses it, sorted by name.
  std::vector<std::pair<base::Symbol, std::uint32_t>> images;
  std::uint32_t containers = 0;  // volumes of an image are none
  friend bool operator==(const PodImages&, const PodImages&) = default;
};

// Different images of one pod that count; each is looked up for every node, so that a pod with
// thousands of them could stall all others.
inline constexpr std::size_t kMaxPodImages = 100;

// Init containers, containers and volumes of an image.
PodImages podImages(const kubeapi::Pod& pod);
// ":latest" is added to a name without tag and digest.
std::string fullImageName(std::string_view name);

}  // namespace stowage::scheduling
