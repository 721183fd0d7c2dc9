// TaintClasses: numbers for distinct taint lists, so that a shape judges each list once and not
// each node. Nodes of a pool share their taints: there are few lists. Single-threaded.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "kubeapi/selectors.h"

namespace stowage::scheduling {

class TaintClasses {
 public:
  // The number of this list; a number is never given to another list, even after release().
  std::uint32_t acquire(const std::vector<kubeapi::Taint>& taints);
  void release(const std::vector<kubeapi::Taint>& taints);
  [[nodiscard]] std::size_t size() const { return classes_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const std::vector<kubeapi::Taint>& taints) const noexcept;
  };
  struct Class {
    std::uint32_t number = 0;
    std::uint32_t references = 0;
  };
  std::unordered_map<std::vector<kubeapi::Taint>, Class, Hash> classes_;
  std::uint32_t next_ = 1;
};

}  // namespace stowage::scheduling
