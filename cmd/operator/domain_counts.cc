#include "cmd/operator/domain_counts.h"

#include <unordered_set>

namespace stowage::operator_cmd {

namespace {

constexpr base::Duration kKept = std::chrono::seconds(10);
// Keys are what users write into groups.
constexpr std::size_t kMaxKeys = 256;

}  // namespace

int DomainCounts::count(const base::Symbol& topology_key, const std::function<Nodes()>& nodes) {
  const base::SteadyTime now = clock_.now();
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(topology_key);
    if (found != known_.end() && now - found->second.at < kKept) return found->second.domains;
  }
  std::unordered_set<base::Symbol> values;
  for (const auto& node : nodes()) {
    if (const base::Symbol* value = node->meta.labels.find(topology_key)) values.insert(*value);
  }
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMaxKeys) known_.clear();
  known_[topology_key] = {static_cast<int>(values.size()), now};
  return static_cast<int>(values.size());
}

}  // namespace stowage::operator_cmd
