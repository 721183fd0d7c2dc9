// ClusterState: the cluster as dense columns of integers: one slot per node, one column per
// resource dimension. Everything that fits and scores reads these arrays linearly. Sums saturate.
// Single-threaded: the scheduling thread owns it. Pure: no clock, no I/O, no randomness.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/symbols.h"

namespace stowage::placement {

using base::Symbol;
using NodeIndex = std::uint32_t;
using Dimension = std::uint16_t;
inline constexpr NodeIndex kNoNode = ~NodeIndex{0};

// The first four dimensions are always there; scalar resources (extended, hugepages) follow.
inline constexpr Dimension kCpu = 0;               // milli-cores
inline constexpr Dimension kMemory = 1;            // bytes
inline constexpr Dimension kEphemeralStorage = 2;  // bytes
inline constexpr Dimension kPods = 3;              // number of pods
inline constexpr Dimension kFirstScalar = 4;

struct Amount {
  Dimension dim = 0;
  std::int64_t value = 0;
  friend bool operator==(const Amount&, const Amount&) = default;
};

// What one pod adds to the node it is placed on. `amounts` is sorted by dimension, unique,
// positive, without kPods (every pod counts one).
struct Demand {
  std::vector<Amount> amounts;
  std::int64_t non_zero_cpu = 0;     // for scores only: with upstream's 100m default
  std::int64_t non_zero_memory = 0;  // for scores only: with upstream's 200 MiB default
  friend bool operator==(const Demand&, const Demand&) = default;
};

class ClusterState {
 public:
  ClusterState();

  // Dimensions are counted: a name that no node and no shape refers to any more gives its column
  // back, so that names written by tenants cannot grow the state. acquire returns the same
  // dimension for the same name while it is held.
  Dimension acquireDimension(const Symbol& name);
  void releaseDimension(Dimension dim);
  [[nodiscard]] const Symbol& dimensionName(Dimension dim) const;
  [[nodiscard]] std::size_t dimensions() const { return allocatable_.size(); }

  // A slot for a node; slots of removed nodes are used again. Order of slots is the tie order.
  NodeIndex addNode(const Symbol& name);
  void removeNode(
      NodeIndex node);  // its placements must have been removed or are forgotten with it
  // Amounts absent from the list become zero.
  void setAllocatable(NodeIndex node, std::span<const Amount> amounts);
  // Something that the columns do not hold changed (labels, taints, ports): verdicts are stale.
  void touch(NodeIndex node);

  void place(NodeIndex node, const Demand& demand);
  void remove(NodeIndex node, const Demand& demand);

  [[nodiscard]] std::size_t slots() const { return present_.size(); }
  [[nodiscard]] std::size_t nodeCount() const { return node_count_; }
  [[nodiscard]] bool present(NodeIndex node) const { return present_[node] != 0; }
  [[nodiscard]] const Symbol& nodeName(NodeIndex node) const { return names_[node]; }
  [[nodiscard]] NodeIndex findNode(const Symbol& name) const;  // kNoNode when absent

  [[nodiscard]] std::int64_t allocatable(Dimension dim, NodeIndex node) const {
    return allocatable_[dim][node];
  }
  [[nodiscard]] std::int64_t requested(Dimension dim, NodeIndex node) const {
    return requested_[dim][node];
  }
  [[nodiscard]] std::int64_t free(Dimension dim, NodeIndex node) const {
    return allocatable_[dim][node] - requested_[dim][node];
  }
  [[nodiscard]] std::int64_t nonZeroCpu(NodeIndex node) const { return non_zero_cpu_[node]; }
  [[nodiscard]] std::int64_t nonZeroMemory(NodeIndex node) const { return non_zero_memory_[node]; }

  // Every change to a node raises the version and is remembered for a while.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // Appends the nodes changed after `since` (possibly with repeats). False when the log does not
  // reach back that far: everything must be looked at again.
  bool changedSince(std::uint64_t since, std::vector<NodeIndex>& changed) const;

 private:
  std::vector<std::vector<std::int64_t>> allocatable_;  // [dimension][node]
  std::vector<std::vector<std::int64_t>> requested_;
  std::vector<std::int64_t> non_zero_cpu_;
  std::vector<std::int64_t> non_zero_memory_;
  std::vector<std::uint8_t> present_;
  std::vector<Symbol> names_;
  std::vector<NodeIndex> free_slots_;
  std::unordered_map<Symbol, NodeIndex> by_name_;
  std::vector<Symbol> dimension_names_;
  std::vector<std::uint32_t> dimension_references_;
  std::unordered_map<Symbol, Dimension> dimension_by_name_;
  std::size_t node_count_ = 0;
  std::uint64_t version_ = 0;
  std::vector<NodeIndex> change_log_;  // ring; entry i is change number i modulo its size
};

}  // namespace stowage::placement
