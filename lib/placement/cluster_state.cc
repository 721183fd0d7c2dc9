#include "placement/cluster_state.h"

#include <algorithm>
#include <functional>

#include "base/check.h"

namespace stowage::placement {
namespace {

// Changes that are remembered. A shape that missed more than this looks at every node anew, which
// at the cluster sizes in view (up to 15,000 nodes) costs no more than replaying them.
constexpr std::size_t kChangeLogSize = std::size_t{1} << 15;

template <typename T>
void pushLowest(std::vector<T>& heap, T value) {
  heap.push_back(value);
  std::push_heap(heap.begin(), heap.end(), std::greater<>());
}

template <typename T>
T popLowest(std::vector<T>& heap) {
  std::pop_heap(heap.begin(), heap.end(), std::greater<>());
  const T value = heap.back();
  heap.pop_back();
  return value;
}

}  // namespace

ClusterState::ClusterState() : change_log_(kChangeLogSize, kNoNode) {
  // Held for ever: the state itself refers to them.
  for (const char* name : {"cpu", "memory", "ephemeral-storage", "pods"}) acquireDimension(name);
}

Dimension ClusterState::acquireDimension(const Symbol& name) {
  const auto known = dimension_by_name_.find(name);
  if (known != dimension_by_name_.end()) {
    ++columns_[known->second].references;
    return known->second;
  }
  Dimension dim = 0;
  if (free_dimensions_.empty()) {
    dim = static_cast<Dimension>(columns_.size());
    columns_.emplace_back();
  } else {
    dim = popLowest(free_dimensions_);
  }
  columns_[dim].name = name;
  columns_[dim].in_use = true;
  columns_[dim].references = 1;
  dimension_by_name_.emplace(name, dim);
  return dim;
}

void ClusterState::releaseDimension(Dimension dim) {
  STOWAGE_CHECK(dim < columns_.size() && columns_[dim].references > 0,
                "a dimension is released more often than acquired");
  --columns_[dim].references;
  giveBackIfUnused(dim);
}

void ClusterState::giveBackIfUnused(Dimension dim) {
  Column& column = columns_[dim];
  if (!column.in_use || column.references > 0 || column.amounts > 0) return;
  dimension_by_name_.erase(column.name);
  column = Column();
  pushLowest(free_dimensions_, dim);
}

const Symbol& ClusterState::dimensionName(Dimension dim) const {
  STOWAGE_CHECK(dim < columns_.size(), "no such dimension");
  return columns_[dim].name;
}

NodeIndex ClusterState::findNode(const Symbol& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? kNoNode : found->second;
}

NodeIndex ClusterState::addNode(const Symbol& name) {
  if (const NodeIndex known = findNode(name); known != kNoNode) return known;
  NodeIndex node = 0;
  if (free_slots_.empty()) {
    node = static_cast<NodeIndex>(present_.size());
    present_.push_back(0);
    names_.emplace_back();
    node_version_.push_back(0);
    non_zero_cpu_.push_back(0);
    non_zero_memory_.push_back(0);
    for (Column& column : columns_) {
      if (!column.allocatable.empty()) column.allocatable.push_back(0);
      if (!column.requested.empty()) column.requested.push_back(0);
    }
  } else {
    node = popLowest(free_slots_);
  }
  present_[node] = 1;
  names_[node] = name;
  by_name_.emplace(name, node);
  ++node_count_;
  logChange(node);
  return node;
}

void ClusterState::removeNode(NodeIndex node) {
  STOWAGE_CHECK(node < present_.size() && present_[node] != 0, "removal of an absent node");
  for (Dimension dim = 0; dim < columns_.size(); ++dim) {
    setAmount(dim, node, 0);
    Column& column = columns_[dim];
    if (!column.requested.empty()) addRequested(dim, node, -column.requested[node]);
    giveBackIfUnused(dim);
  }
  non_zero_cpu_[node] = 0;
  non_zero_memory_[node] = 0;
  present_[node] = 0;
  by_name_.erase(names_[node]);
  names_[node] = Symbol();
  pushLowest(free_slots_, node);
  --node_count_;
  logChange(node);
}

void ClusterState::setAllocatable(NodeIndex node, std::span<const Amount> amounts) {
  STOWAGE_CHECK(node < present_.size() && present_[node] != 0, "allocatable of an absent node");
  // Given back only after the new amounts are in: a column that stays must not lose its number.
  for (Column& column : columns_) ++column.references;
  for (Dimension dim = 0; dim < columns_.size(); ++dim) setAmount(dim, node, 0);
  for (const Amount& amount : amounts) setAmount(amount.dim, node, amount.value);
  for (Dimension dim = 0; dim < columns_.size(); ++dim) {
    --columns_[dim].references;
    giveBackIfUnused(dim);
  }
  logChange(node);
}

void ClusterState::touch(NodeIndex node) {
  STOWAGE_CHECK(node < present_.size() && present_[node] != 0, "touch of an absent node");
  logChange(node);
}

void ClusterState::place(NodeIndex node, const Demand& demand) {
  STOWAGE_CHECK(node < present_.size() && present_[node] != 0, "placement on an absent node");
  for (const Amount& amount : demand.amounts) {
    addRequested(amount.dim, node, std::max<std::int64_t>(amount.value, 0));
  }
  addRequested(kPods, node, 1);
  non_zero_cpu_[node] += std::max<std::int64_t>(demand.non_zero_cpu, 0);
  non_zero_memory_[node] += std::max<std::int64_t>(demand.non_zero_memory, 0);
  logChange(node);
}

void ClusterState::remove(NodeIndex node, const Demand& demand) {
  STOWAGE_CHECK(node < present_.size() && present_[node] != 0, "removal from an absent node");
  for (const Amount& amount : demand.amounts) {
    addRequested(amount.dim, node, -Wide{std::max<std::int64_t>(amount.value, 0)});
  }
  addRequested(kPods, node, -1);
  non_zero_cpu_[node] -= std::max<std::int64_t>(demand.non_zero_cpu, 0);
  non_zero_memory_[node] -= std::max<std::int64_t>(demand.non_zero_memory, 0);
  STOWAGE_CHECK(non_zero_cpu_[node] >= 0 && non_zero_memory_[node] >= 0,
                "more removed than was placed");
  logChange(node);
}

// Sets one allocatable amount; the caller gives unused columns back.
void ClusterState::setAmount(Dimension dim, NodeIndex node, std::int64_t value) {
  STOWAGE_CHECK(dim < columns_.size(), "no such dimension");
  Column& column = columns_[dim];
  value = std::max<std::int64_t>(value, 0);
  if (column.allocatable.empty()) {
    if (value == 0) return;
    column.allocatable.resize(present_.size(), 0);
  }
  std::int64_t& slot = column.allocatable[node];
  if (slot == 0 && value > 0) ++column.amounts;
  if (slot > 0 && value == 0) --column.amounts;
  slot = value;
}

void ClusterState::addRequested(Dimension dim, NodeIndex node, Wide delta) {
  STOWAGE_CHECK(dim < columns_.size(), "no such dimension");
  if (delta == 0) return;
  Column& column = columns_[dim];
  if (column.requested.empty()) column.requested.resize(present_.size(), 0);
  Wide& slot = column.requested[node];
  const Wide before = slot;
  slot += delta;
  STOWAGE_CHECK(slot >= 0, "more removed than was placed");
  if (before == 0 && slot > 0) ++column.amounts;
  if (before > 0 && slot == 0) {
    --column.amounts;
    giveBackIfUnused(dim);
  }
}

void ClusterState::logChange(NodeIndex node) {
  change_log_[version_ % change_log_.size()] = node;
  node_version_[node] = ++version_;
}

bool ClusterState::changedSince(std::uint64_t since, std::vector<NodeIndex>& changed) const {
  if (since > version_ || version_ - since > change_log_.size()) return false;
  for (std::uint64_t change = since; change < version_; ++change) {
    changed.push_back(change_log_[change % change_log_.size()]);
  }
  return true;
}

}  // namespace stowage::placement
