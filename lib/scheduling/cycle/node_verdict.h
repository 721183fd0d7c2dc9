// NodeVerdict: what filters make of one node. Plain value.
#pragma once

#include <algorithm>
#include <span>

#include "placement/cluster_state.h"
#include "placement/verdict.h"

namespace stowage::scheduling {

struct NodeVerdict {
  placement::NodeIndex node = placement::kNoNode;
  placement::Verdict verdict;
};

// The entry of a node in a list by ascending slot; nullptr when it is not there.
inline const NodeVerdict* findNode(std::span<const NodeVerdict> list, placement::NodeIndex node) {
  const auto at = std::lower_bound(
      list.begin(), list.end(), node,
      [](const NodeVerdict& each, placement::NodeIndex n) { return each.node < n; });
  return at == list.end() || at->node != node ? nullptr : &*at;
}

}  // namespace stowage::scheduling
