// SparseCounts: how many of something each node has, for the nodes that have any. Iterating is a
// walk over a flat list. Memory follows the number of nodes that have some. Single-threaded value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "placement/cluster_state.h"

namespace stowage::scheduling {

class SparseCounts {
 public:
  struct Item {
    placement::NodeIndex node = 0;
    std::uint32_t count = 0;
    friend bool operator==(const Item&, const Item&) = default;
  };

  void add(placement::NodeIndex node) {
    const auto [at, is_new] = place_.try_emplace(node, items_.size());
    if (is_new) {
      items_.push_back({node, 1});
    } else {
      ++items_[at->second].count;
    }
  }
  void remove(placement::NodeIndex node) {
    const auto at = place_.find(node);
    if (at == place_.end()) return;
    Item& item = items_[at->second];
    if (--item.count > 0) return;
    item = items_.back();
    place_[item.node] = at->second;
    items_.pop_back();
    place_.erase(node);  // last: `item` may be the last one itself
  }
  [[nodiscard]] std::uint32_t at(placement::NodeIndex node) const {
    const auto found = place_.find(node);
    return found == place_.end() ? 0 : items_[found->second].count;
  }
  // In no order.
  [[nodiscard]] std::span<const Item> items() const { return items_; }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  friend bool operator==(const SparseCounts& a, const SparseCounts& b) {
    return a.items_.size() == b.items_.size() &&
           std::all_of(a.items_.begin(), a.items_.end(),
                       [&](const Item& item) { return b.at(item.node) == item.count; });
  }

 private:
  std::vector<Item> items_;
  std::unordered_map<placement::NodeIndex, std::size_t> place_;
};

}  // namespace stowage::scheduling
