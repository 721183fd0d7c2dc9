// ArrivalMix: what the next pods will probably ask for, told from the last arrivals. Arrivals that
// ask for the same amounts are one class. Counts over a sliding window, and how far they have moved
// from a remembered state, are kept up to date at a constant cost per arrival.
// Single-threaded. Owns references to the dimensions of the demands that it holds. Memory is
// bounded by the window.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "placement/cluster_state.h"

namespace stowage::placement {

class ArrivalMix {
 public:
  struct Class {
    const Demand* demand = nullptr;
    std::uint32_t count = 0;
  };

  // `window`: arrivals that count, at least 1. `state` outlives the mix.
  ArrivalMix(ClusterState& state, std::uint32_t window);
  ~ArrivalMix();
  ArrivalMix(const ArrivalMix&) = delete;
  ArrivalMix& operator=(const ArrivalMix&) = delete;

  // A pod with this demand has come. Pods that ask for nothing do not count: they need no room.
  void add(const Demand& demand);

  // Arrivals in the window.
  [[nodiscard]] std::size_t size() const { return ring_.size(); }
  // Arrivals since the start.
  [[nodiscard]] std::uint64_t arrivals() const { return arrivals_; }
  // Most frequent first; among equals the one seen first. Valid until the next add().
  [[nodiscard]] std::vector<Class> byPopularity() const;

  // Remembers the present counts as the reference of drift().
  void mark();
  // Sum over the classes of |count now - count at mark()|: twice the number of arrivals that are of
  // another kind than then. Counted only while the window is as full as it was at mark().
  [[nodiscard]] std::uint64_t drift() const { return drift_; }
  // What drift() would be, on average, between two windows of one unchanging mix (sampling noise).
  [[nodiscard]] std::uint64_t noise() const { return noise_; }

 private:
  struct Held {
    Demand demand;
    std::uint32_t count = 0;
    std::uint32_t marked = 0;
    std::uint64_t first_arrival = 0;
  };
  struct DemandHash {
    std::size_t operator()(const Demand& demand) const noexcept;
  };

  std::uint32_t classOf(const Demand& demand);
  void change(std::uint32_t index, std::int32_t delta);
  void dropIfUnused(std::uint32_t index);

  ClusterState& state_;
  const std::uint32_t window_;
  std::vector<std::uint32_t> ring_;  // class of each arrival in the window
  std::vector<Held> classes_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<Demand, std::uint32_t, DemandHash> by_demand_;
  std::uint64_t arrivals_ = 0;
  std::uint64_t drift_ = 0;
  std::uint64_t noise_ = 0;
};

}  // namespace stowage::placement
