// PodDisruptionBudget (policy/v1) as preemption and the operator read it. Decoded once, shared,
// never changed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kubeapi/meta.h"
#include "kubeapi/selectors.h"

namespace stowage::kubeapi {

// A pod whose eviction was granted and is not seen yet by the disruption controller, which knows it
// by its name alone.
struct DisruptedPod {
  Symbol pod;
  std::optional<WallTime> since;
};

struct PodDisruptionBudget {
  ObjectMeta meta;
  std::optional<LabelSelector> selector;
  std::optional<std::int32_t> min_available;  // absent also when it is a percentage
  Symbol unhealthy_pod_eviction_policy;       // empty means IfHealthyBudget
  std::int32_t disruptions_allowed = 0;
  std::int32_t current_healthy = 0;
  std::int32_t desired_healthy = 0;
  std::int32_t expected_pods = 0;
  std::int64_t observed_generation = 0;
  std::vector<DisruptedPod> disrupted_pods;  // sorted by name
};
// nullptr: the budget does not take a pod of that name for evicted.
const DisruptedPod* findDisrupted(const PodDisruptionBudget& budget, const Symbol& pod);
using PodDisruptionBudgetPtr = std::shared_ptr<const PodDisruptionBudget>;

}  // namespace stowage::kubeapi
