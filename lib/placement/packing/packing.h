// Packing: the node on which the pod wastes least. The raw value is -floor(cost / q), where
//   cost = dF + w dI + opening(n) - b U(n) + s S(n),   d = after placing minus before:
//   F  room that the pods to come cannot use, on average: the sum over target shapes m of p_m times
//      (all free room if m does not fit, else what whole copies of m leave over);
//   I  imbalance: variance of the free fractions of the node's resources, times its size;
//   opening  on an empty node only: a fixed price, less a share of the node's size, so that few and
//      large nodes are opened; size leaves out what S counts;
//   U  room in use on the node, with the pod: of two nodes that waste alike the fuller one is
//   taken; S  free room in resources that the pod does not ask for and that some nodes lack,
//   weighed by
//      how many lack it: pods without GPUs stay off nodes with free GPUs.
// Room is counted in thousandths of the cluster's mean node, averaged over the resources that the
// target shapes ask for. Values less than a quantum apart are equal on purpose: the first such node
// in slot order then wins, which keeps nodes further down closed.
// Where it comes from, and how weights and quantum were chosen: docs/decisions/0003.
//
// Target shapes and mean node are a snapshot, not the present: with every arrival both would move a
// little, and no cached score would ever be right. renewIfStale() tells when the snapshot was taken
// anew; the owner then calls ShapeCache::forgetScores().
// Integer results, the same on every machine. Cost of one score is bounded: at most kMaxTargets
// shapes over kMaxResources resources, whatever pods ask for.
// Single-threaded, pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "placement/cluster_state.h"
#include "placement/packing/arrival_mix.h"

namespace stowage::placement {

// Prices are in thousandths of the mean node, factors in thousandths. Values outside 0..1,000,000
// count as the nearest of these; a quantum or window below 1 as 1.
struct PackingWeights {
  std::int64_t quantum = 100;              // q
  std::int64_t imbalance_permille = 2000;  // factor of dI
  std::int64_t opening = 500;              // price of opening a node
  std::int64_t opening_size = 100;         // factor of its size, in favour of large nodes
  std::int64_t fullness = 800;             // factor of U
  std::int64_t scarcity = 1000;            // factor of S
  std::uint32_t window = 1024;             // arrivals that make up the target
};

class PackingScore {
 public:
  static constexpr std::size_t kMaxTargets = 32;
  static constexpr std::size_t kMaxResources = 8;

  // `state` outlives the score.
  PackingScore(ClusterState& state, const PackingWeights& weights);
  ~PackingScore();
  PackingScore(const PackingScore&) = delete;
  PackingScore& operator=(const PackingScore&) = delete;

  // A pod asks to be placed for the first time (retries are no arrivals).
  void arrived(const Demand& demand) { mix_.add(demand); }

  // To be called between decisions. True when the snapshot was taken anew, so that all scores given
  // so far are void: while the window fills, each time it has doubled; then when the mix has
  // drifted by a seventh beyond sampling noise, the number of nodes by a sixteenth, or after 8,192
  // arrivals. Constant time otherwise.
  bool renewIfStale();

  // Raw value of a node on which the pod fits; higher is better. Never fails: amounts that a node
  // does not have count as used up.
  std::int64_t score(NodeIndex node, const Demand& demand);

  // F(n) and I(n) of a node as it is, in thousandths of the mean node (for explain and tests).
  [[nodiscard]] double waste(NodeIndex node) const;
  [[nodiscard]] double imbalance(NodeIndex node) const;
  // Target shapes in use after cutting the tail.
  [[nodiscard]] std::size_t targets() const { return targets_; }

 private:
  using Amounts = std::array<std::int64_t, kMaxResources>;  // by tracked resource
  struct Resource {
    Dimension dim = 0;
    double unit = 0;           // room in one unit of the resource
    std::int64_t lacking = 0;  // thousandths of the nodes that have none of it
  };
  // What does not depend on the pod, kept while neither node nor snapshot change.
  struct NodeTerms {
    std::uint64_t version = 0;
    std::uint64_t snapshot = 0;
    std::int64_t cost = 0;  // F + w I
    std::int64_t size = 0;  // room of the empty node
  };

  void renew();
  void trackResources(const std::vector<ArrivalMix::Class>& classes);
  void takeTargets(const std::vector<ArrivalMix::Class>& classes);
  void releaseResources();
  [[nodiscard]] Amounts freeOn(NodeIndex node) const;
  [[nodiscard]] Amounts allocatableOn(NodeIndex node) const;
  [[nodiscard]] std::int64_t roomIn(std::size_t resource, std::int64_t amount) const;
  [[nodiscard]] std::int64_t roomOf(const Amounts& amounts) const;
  [[nodiscard]] std::int64_t wasteOf(const Amounts& free, std::int64_t room,
                                     std::int64_t pods) const;
  [[nodiscard]] std::int64_t imbalanceOf(NodeIndex node, const Amounts& free,
                                         std::int64_t size) const;
  [[nodiscard]] std::int64_t costOf(NodeIndex node, const Amounts& free, std::int64_t room,
                                    std::int64_t size, std::int64_t pods) const;
  const NodeTerms& termsOf(NodeIndex node, const Amounts& free);

  ClusterState& state_;
  const PackingWeights weights_;
  ArrivalMix mix_;

  // The snapshot.
  std::uint64_t snapshot_ = 0;    // its number; 0: none yet
  std::uint64_t renewed_at_ = 0;  // arrivals
  std::size_t window_at_ = 0;     // arrivals in the window
  std::size_t nodes_at_ = 0;
  std::vector<Resource> resources_;
  std::vector<std::uint8_t> resource_of_;  // [dimension]: index into resources_, or kMaxResources
  std::vector<std::size_t> scarce_;        // resources that some nodes lack
  std::size_t targets_ = 0;
  // [resource][target]: how many copies one unit of the resource holds; where the target does not
  // ask for the resource, 0 and a bias that no minimum can reach.
  std::array<std::array<double, kMaxTargets>, kMaxResources> copies_{};
  std::array<std::array<double, kMaxTargets>, kMaxResources> bias_{};
  std::array<std::int64_t, kMaxTargets> size_{};         // room of one copy
  std::array<std::int64_t, kMaxTargets> probability_{};  // sums to kWhole

  std::vector<NodeTerms> terms_;  // [slot]
};

}  // namespace stowage::placement
