#include "scheduling/cache/dimension_table.h"

#include <algorithm>

#include "base/log.h"

namespace stowage::scheduling {

std::optional<placement::Dimension> fixedDimension(const Symbol& name) {
  static const Symbol cpu("cpu");
  static const Symbol memory("memory");
  static const Symbol storage("ephemeral-storage");
  static const Symbol pods("pods");
  if (name == cpu) return placement::kCpu;
  if (name == memory) return placement::kMemory;
  if (name == storage) return placement::kEphemeralStorage;
  if (name == pods) return placement::kPods;
  return std::nullopt;
}

std::optional<placement::Dimension> DimensionTable::open(const Symbol& name, bool& opened) {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    ++found->second.references;
    return found->second.dim;
  }
  if (by_name_.size() >= kMaxNames) {
    if (!limit_logged_) {
      base::log().warn("too many resource names on nodes; the rest is ignored",
                       {{"limit", kMaxNames}, {"resource", name.view()}});
      limit_logged_ = true;
    }
    return std::nullopt;
  }
  opened = true;
  const placement::Dimension dim = state_.acquireDimension(name);
  by_name_.emplace(name, Held{dim, 1});
  return dim;
}

std::optional<placement::Dimension> DimensionTable::holdKnown(const Symbol& name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  ++found->second.references;
  return found->second.dim;
}

void DimensionTable::release(placement::Dimension dim) {
  if (dim < placement::kFirstScalar) return;
  const Symbol name = state_.dimensionName(dim);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return;
  if (--found->second.references > 0) return;
  by_name_.erase(found);
  state_.releaseDimension(dim);
}

PodDemand::PodDemand(DimensionTable& table, const kubeapi::ResourceAmounts& amounts,
                     std::int64_t non_zero_cpu, std::int64_t non_zero_memory)
    : table_(table) {
  demand_.non_zero_cpu = non_zero_cpu;
  demand_.non_zero_memory = non_zero_memory;
  demand_.amounts.reserve(amounts.size());
  for (const auto& [name, value] : amounts) {
    if (value <= 0) continue;
    if (const auto fixed = fixedDimension(name)) {
      if (*fixed != placement::kPods) demand_.amounts.push_back({*fixed, value});
    } else if (kubeapi::isScalarResource(name.view())) {
      if (const auto dim = table_.holdKnown(name)) {
        demand_.amounts.push_back({*dim, value});
      } else {
        absent_.emplace_back(name, value);
      }
    }
  }
  std::sort(demand_.amounts.begin(), demand_.amounts.end(),
            [](const placement::Amount& a, const placement::Amount& b) { return a.dim < b.dim; });
}

PodDemand::~PodDemand() {
  for (const placement::Amount& amount : demand_.amounts) table_.release(amount.dim);
}

}  // namespace stowage::scheduling
