// Replays a workload under a policy, on the same cluster state and cache as the scheduler's.
#pragma once

#include <cstdint>
#include <string>

#include "packing_quality/workload.h"
#include "placement/packing/packing.h"

namespace stowage::packing_quality {

struct Policy {
  enum class Kind {
    kFirstFit,
    kMostAllocated,
    kMostAllocatedWithGpu,
    kPacking
  } kind = Kind::kFirstFit;
  placement::PackingWeights packing;
};

struct Outcome {
  double nodes_mean = 0;            // nodes with a pod, mean over the events counted
  double capacity_mean = 0;         // their size instead of their number, in mean nodes
  std::uint32_t nodes_end = 0;      // ... after the last event
  std::uint32_t placed = 0;         // pods
  std::uint32_t failed = 0;         // pods that fitted nowhere (they are not tried again)
  std::uint32_t first_failure = 0;  // arrivals before the first failure; all when there is none
  std::uint32_t renewals = 0;       // Packing: snapshots taken
  double gpu_placed_percent = 0;    // GPUs of placed pods, of the cluster's
};

// Counts nodes from the moment that the given share of the events has passed.
Outcome replay(const Workload& workload, const Policy& policy, double count_from = 0);

}  // namespace stowage::packing_quality
