// Tally: counts what passes do, over all groups. Thread safety: all methods from any thread.
// Ownership: the sink outlives it.
#pragma once

#include <array>
#include <cstdint>

#include "base/metric_sink.h"
#include "statefulgroup/plan/actions.h"
#include "statefulgroup/reconcile/step_result.h"

namespace stowage::statefulgroup {

class Tally {
 public:
  // Who said that a member has to stay for now.
  enum class Guard : std::uint8_t { kBudget, kFloor, kHook };

  explicit Tally(base::MetricSink& sink);

  // A step came to its end; steps that people do not know as operations are not counted.
  void count(const Step& step, StepResult::End end);
  void evicted(const Answer& answer);
  void denied(Guard guard);
  void skippedAsStale() { stale_skips_.increment(); }
  // A claim was given up for a new one.
  void replaced();

 private:
  static constexpr std::size_t kOperations = 8;
  static constexpr std::size_t kResults = 4;

  std::array<std::array<base::Counter*, kResults>, kOperations> operations_{};
  std::array<base::Counter*, 4> evictions_{};
  std::array<base::Counter*, 3> guards_{};
  base::Counter& stale_skips_;
};

}  // namespace stowage::statefulgroup
