#include "scheduling/cache/taint_classes.h"

#include "scheduling/hashing.h"

namespace stowage::scheduling {

std::size_t TaintClasses::Hash::operator()(
    const std::vector<kubeapi::Taint>& taints) const noexcept {
  HashBuilder hash;
  for (const kubeapi::Taint& taint : taints) {
    hash.add(taint.key);
    hash.add(taint.value);
    hash.add(static_cast<std::uint64_t>(taint.effect));
  }
  return hash.value();
}

std::uint32_t TaintClasses::acquire(const std::vector<kubeapi::Taint>& taints) {
  Class& entry = classes_[taints];
  if (entry.references == 0) entry.number = next_++;
  ++entry.references;
  return entry.number;
}

void TaintClasses::release(const std::vector<kubeapi::Taint>& taints) {
  const auto found = classes_.find(taints);
  if (found != classes_.end() && --found->second.references == 0) classes_.erase(found);
}

}  // namespace stowage::scheduling
