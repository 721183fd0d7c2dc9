// QueuedPod: a pod of ours that is not bound yet, and its history of attempts. Owned by
// SchedulingQueue, whose thread rules apply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "kubeapi/pod.h"
#include "scheduling/plugins/registry.h"
#include "scheduling/shapes/shape_table.h"

namespace stowage::scheduling {

enum class Place : std::uint8_t {
  kNone,           // in no queue (being moved)
  kActive,         // due
  kBackoff,        // rejected before, woken since, waits for its backoff to end
  kErrorBackoff,   // failed by an error, waits for its backoff to end
  kUnschedulable,  // waits for an event that helps
  kGated,          // has scheduling gates
  kInFlight,       // being decided or bound
};

struct QueuedPod {
  kubeapi::PodPtr pod;
  std::uint32_t profile = 0;
  ShapeId shape = kNoShape;

  Place place = Place::kNone;
  std::size_t heap_position = 0;  // in the list or heap of its place
  base::SteadyTime queued_at{};   // when it last entered the queue, its rank among equals
  std::uint64_t sequence = 0;     // order of entries of one instant
  base::SteadyTime backoff_until{};

  std::optional<base::SteadyTime> first_attempt;
  std::uint32_t attempts = 0;
  std::uint32_t unschedulable_count = 0;
  std::uint32_t consecutive_errors = 0;
  std::uint32_t faults = 0;  // exceptions while it was handled
  PluginSet rejectors = 0;   // why it waits
  PluginSet counted = 0;     // rejectors that the gauge unschedulable_pods counts now
  bool held = false;  // unschedulable, and no event wakes it until SchedulingQueue::release()
  bool changed_in_hold = false;  // its own update would have woken it
  bool moved_by_flush = false;   // its present attempt is owed to the timeout alone
};

}  // namespace stowage::scheduling
