#include "scheduling/cache/image_states.h"

#include <algorithm>
#include <functional>

namespace stowage::scheduling {

using base::Symbol;

bool ImageStates::update(NodeImages& held, std::span<const kubeapi::NodeImage> images) {
  ++marks_;
  NodeImages now;
  bool gained = false;
  for (const kubeapi::NodeImage& reported : images) {
    for (const Symbol& name : reported.names) {
      if (name.empty() || now.size() >= kMaxNames) continue;
      ImageState& image = images_.try_emplace(name).first->second;
      if (image.marked == marks_) continue;
      image.marked = marks_;
      now.push_back(&image);
      if (!has(held, &image)) {
        gained = true;
        image.name = name;
        ++image.nodes;
        image.stamp = ++stamps_;
      }
      const std::int64_t bytes = std::max<std::int64_t>(reported.size_bytes, 0);
      if (image.nodes == 1 && image.bytes != bytes) {
        image.bytes = bytes;
        image.stamp = ++stamps_;
      }
    }
  }
  std::sort(now.begin(), now.end(), std::less<>());
  bool lost = false;
  for (ImageState* image : held) {
    if (image->marked == marks_) continue;
    lost = true;
    release(*image);
  }
  held = std::move(now);
  return gained || lost;
}

void ImageStates::release(ImageState& image) {
  image.stamp = ++stamps_;
  if (--image.nodes == 0) images_.erase(Symbol(image.name));
}

const ImageState* ImageStates::find(const Symbol& name) const {
  const auto found = images_.find(name);
  return found == images_.end() ? nullptr : &found->second;
}

bool ImageStates::has(const NodeImages& held, const ImageState* image) {
  return std::binary_search(held.begin(), held.end(), image, std::less<>());
}

}  // namespace stowage::scheduling
