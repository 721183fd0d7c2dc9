// DimensionTable: which resource names have a column in placement::ClusterState, and PodDemand: the
// amounts of one pod in those columns. Only nodes open columns; a pod that asks for a name no node
// offers keeps the name aside ("absent"), so that names written by tenants never grow the state.
// Single-threaded; the table outlives every PodDemand made with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kubeapi/resources.h"
#include "placement/cluster_state.h"

namespace stowage::scheduling {

using base::Symbol;

class DimensionTable {
 public:
  // More distinct resource names on all nodes together are ignored (and logged once).
  static constexpr std::size_t kMaxNames = 1024;

  explicit DimensionTable(placement::ClusterState& state) : state_(state) {}
  DimensionTable(const DimensionTable&) = delete;
  DimensionTable& operator=(const DimensionTable&) = delete;

  // A node offers `name`: opens its column if need be (`opened` becomes true then). nullopt when
  // there are too many names. Give back with release().
  std::optional<placement::Dimension> open(const Symbol& name, bool& opened);
  // The column of `name` when it has one, held until release(); nullopt otherwise.
  std::optional<placement::Dimension> holdKnown(const Symbol& name);
  void release(placement::Dimension dim);

  [[nodiscard]] placement::ClusterState& state() { return state_; }
  [[nodiscard]] std::size_t names() const { return by_name_.size(); }

 private:
  struct Held {
    placement::Dimension dim = 0;
    std::size_t references = 0;
  };
  placement::ClusterState& state_;
  std::unordered_map<Symbol, Held> by_name_;  // scalar resources only
  bool limit_logged_ = false;
};

// Column of cpu, memory, ephemeral-storage and pods, which are always there.
std::optional<placement::Dimension> fixedDimension(const Symbol& name);

// Immutable once made; shared between a shape and the pods placed with it.
class PodDemand {
 public:
  // Amounts of zero and names that are no resource of a node are left out.
  PodDemand(DimensionTable& table, const kubeapi::ResourceAmounts& amounts,
            std::int64_t non_zero_cpu, std::int64_t non_zero_memory);
  ~PodDemand();
  PodDemand(const PodDemand&) = delete;
  PodDemand& operator=(const PodDemand&) = delete;

  [[nodiscard]] const placement::Demand& amounts() const { return demand_; }
  // Requested names that no node offered when this was made, sorted, amounts above zero.
  [[nodiscard]] const std::vector<std::pair<Symbol, std::int64_t>>& absent() const {
    return absent_;
  }
  [[nodiscard]] bool sameAs(const PodDemand& other) const {
    return demand_ == other.demand_ && absent_ == other.absent_;
  }

 private:
  DimensionTable& table_;
  placement::Demand demand_;
  std::vector<std::pair<Symbol, std::int64_t>> absent_;
};

}  // namespace stowage::scheduling
