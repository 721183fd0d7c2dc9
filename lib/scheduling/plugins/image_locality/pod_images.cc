#include "scheduling/plugins/image_locality/pod_images.h"

#include <map>

namespace stowage::scheduling {

std::string fullImageName(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t colon = name.rfind(':');
  // A colon before the last slash belongs to the port of a registry.
  const bool tagged =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return tagged ? std::string(name) : std::string(name) + ":latest";
}

PodImages podImages(const kubeapi::Pod& pod) {
  PodImages result;
  std::map<std::string, std::uint32_t> counts;
  const auto add = [&](std::string_view name) {
    const std::string full = fullImageName(name);
    if (counts.size() < kMaxPodImages || counts.contains(full)) ++counts[full];
  };
  for (const auto* list : {&pod.spec.init_containers, &pod.spec.containers}) {
    result.containers += static_cast<std::uint32_t>(list->size());
    for (const kubeapi::Container& container : *list) add(container.image);
  }
  for (const kubeapi::PodVolume& volume : pod.spec.volumes) {
    if (volume.kind == kubeapi::PodVolume::Kind::kImage) add(volume.handle.view());
  }
  result.images.assign(counts.begin(), counts.end());
  return result;
}

}  // namespace stowage::scheduling
