// ClusterState: the cluster as dense columns of integers: one slot per node, one column per
// resource dimension. Everything that fits and scores reads these arrays linearly. Sums are kept
// exactly and read saturated, so that what one tenant adds never hides what another one uses, and
// taking a pod away always gives back what it took.
// A column costs memory only once a node has, or uses, some of it: names that tenants make up and
// that no node offers cost a few words each.
// Single-threaded: the scheduling thread owns it. Pure: no clock, no I/O, no randomness.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/symbols.h"

namespace stowage::placement {

using base::Symbol;
using NodeIndex = std::uint32_t;
using Dimension = std::uint32_t;  // wide enough that made-up names cannot exhaust it
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
  // dimension for the same name while it is held. A column that still holds amounts of some node
  // outlives its last release until they are gone, so an early release costs nothing but memory.
  Dimension acquireDimension(const Symbol& name);
  void releaseDimension(Dimension dim);
  [[nodiscard]] const Symbol& dimensionName(Dimension dim) const;
  // Upper end of the dimensions in use; those given back in between have an empty name.
  [[nodiscard]] std::size_t dimensions() const { return columns_.size(); }

  // A slot for a node; the lowest slot of a removed node is used again. Order of slots is the tie
  // order. A name that is there already keeps its slot.
  NodeIndex addNode(const Symbol& name);
  // Its placements must have been removed or are forgotten with it.
  void removeNode(NodeIndex node);
  // Amounts absent from the list become zero; negative ones count as zero.
  void setAllocatable(NodeIndex node, std::span<const Amount> amounts);
  // Something that the columns do not hold changed (labels, taints, ports): verdicts are stale.
  void touch(NodeIndex node);

  // The node must be present; remove() must be given what place() was given for that pod.
  void place(NodeIndex node, const Demand& demand);
  void remove(NodeIndex node, const Demand& demand);

  [[nodiscard]] std::size_t slots() const { return present_.size(); }
  [[nodiscard]] std::size_t nodeCount() const { return node_count_; }
  [[nodiscard]] bool present(NodeIndex node) const { return present_[node] != 0; }
  [[nodiscard]] const Symbol& nodeName(NodeIndex node) const { return names_[node]; }
  [[nodiscard]] NodeIndex findNode(const Symbol& name) const;  // kNoNode when absent

  [[nodiscard]] std::int64_t allocatable(Dimension dim, NodeIndex node) const {
    const Column& column = columns_[dim];
    return column.allocatable.empty() ? 0 : column.allocatable[node];
  }
  [[nodiscard]] std::int64_t requested(Dimension dim, NodeIndex node) const {
    const Column& column = columns_[dim];
    return column.requested.empty() ? 0 : saturated(column.requested[node]);
  }
  // Negative when more is requested than the node has.
  [[nodiscard]] std::int64_t free(Dimension dim, NodeIndex node) const {
    return allocatable(dim, node) - requested(dim, node);
  }
  [[nodiscard]] std::int64_t nonZeroCpu(NodeIndex node) const {
    return saturated(non_zero_cpu_[node]);
  }
  [[nodiscard]] std::int64_t nonZeroMemory(NodeIndex node) const {
    return saturated(non_zero_memory_[node]);
  }

  // Every change to a node raises the version and is remembered for a while.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  // Version after the last change of this slot: what was derived from it then is good while it
  // stays.
  [[nodiscard]] std::uint64_t nodeVersion(NodeIndex node) const { return node_version_[node]; }
  // Appends the nodes changed after `since` (possibly with repeats). False when the log does not
  // reach back that far: everything must be looked at again.
  bool changedSince(std::uint64_t since, std::vector<NodeIndex>& changed) const;

 private:
  // Wide enough for more pods than can exist, each with the largest amount.
  __extension__ using Wide = __int128;

  struct Column {
    Symbol name;
    bool in_use = false;           // false: given back, waiting for its next name
    std::uint32_t references = 0;  // acquired minus released
    std::uint32_t amounts = 0;     // nodes with allocatable > 0, plus nodes with requested > 0
    std::vector<std::int64_t> allocatable;  // empty until some node has any
    std::vector<Wide> requested;            // empty until some pod takes any
  };

  static std::int64_t saturated(Wide value) {
    return value > std::numeric_limits<std::int64_t>::max()
               ? std::numeric_limits<std::int64_t>::max()
               : static_cast<std::int64_t>(value);
  }
  void setAmount(Dimension dim, NodeIndex node, std::int64_t value);
  void addRequested(Dimension dim, NodeIndex node, Wide delta);
  void giveBackIfUnused(Dimension dim);
  void logChange(NodeIndex node);

  std::vector<Column> columns_;
  std::vector<Wide> non_zero_cpu_;
  std::vector<Wide> non_zero_memory_;
  std::vector<std::uint8_t> present_;
  std::vector<Symbol> names_;
  std::vector<NodeIndex> free_slots_;  // min-heap
  std::unordered_map<Symbol, NodeIndex> by_name_;
  std::unordered_map<Symbol, Dimension> dimension_by_name_;
  std::vector<Dimension> free_dimensions_;  // min-heap
  std::size_t node_count_ = 0;
  std::uint64_t version_ = 0;
  std::vector<std::uint64_t> node_version_;
  std::vector<NodeIndex> change_log_;  // ring; change number i is entry i modulo its size
};

}  // namespace stowage::placement
