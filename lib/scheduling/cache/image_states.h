// ImageStates: which container images lie on how many nodes, and how large they are, kept up to
// date node by node. Memory follows what nodes report. Single-threaded.
// Source of the semantics: kube-scheduler backend/cache/cache.go (addNodeImageStates), v1.36.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/symbols.h"
#include "kubeapi/node.h"

namespace stowage::scheduling {

struct ImageState {
  base::Symbol name;
  std::int64_t bytes = 0;    // as the first of its nodes reported it, until the last one has gone
  std::uint32_t nodes = 0;   // that have it
  std::uint64_t stamp = 0;   // differs whenever bytes or nodes did
  std::uint64_t marked = 0;  // scratch of ImageStates
};

// The images of one node, in the order of addresses. Owned by the node; filled and emptied by
// ImageStates alone.
using NodeImages = std::vector<ImageState*>;

class ImageStates {
 public:
  // Names of one node beyond that many are not counted; kubelets report 50 images by default.
  static constexpr std::size_t kMaxNames = 4096;

  ImageStates() = default;
  ImageStates(const ImageStates&) = delete;
  ImageStates& operator=(const ImageStates&) = delete;

  // The node, which had `held`, now reports `images`. True when the set of its images changed.
  bool update(NodeImages& held, std::span<const kubeapi::NodeImage> images);
  // nullptr when no node has it. Valid until the next update.
  [[nodiscard]] const ImageState* find(const base::Symbol& name) const;
  static bool has(const NodeImages& held, const ImageState* image);
  [[nodiscard]] std::size_t size() const { return images_.size(); }

 private:
  void release(ImageState& image);

  std::unordered_map<base::Symbol, ImageState> images_;  // addresses stay
  std::uint64_t stamps_ = 0;
  std::uint64_t marks_ = 0;
};

}  // namespace stowage::scheduling
