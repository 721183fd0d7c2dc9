// DecisionWatch: where the time of one decision goes: filtering and scoring as a whole, and, in one
// decision of ten, each plugin. Not sampled, it costs a few looks at the clock per decision, never
// one per node. Single-threaded; owned by ProfileRunner.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/rng.h"
#include "placement/verdict.h"

namespace stowage::scheduling {

class DecisionWatch {
 public:
  // Upstream's share (scheduler.go, pluginMetricsSamplePercent).
  static constexpr std::uint64_t kSampledPercent = 10;

  enum class Phase : std::uint8_t { kNone, kPreFilter, kFilter, kScore };
  // What one plugin did in the last decision, over all nodes it was asked about.
  struct PluginTime {
    base::Duration time{};
    bool asked = false;
    placement::Fit worst = placement::Fit::kFits;  // of its answers
  };

  // `clock` may be null: then nothing is measured.
  DecisionWatch(const base::Clock* clock, std::size_t filters, std::size_t scores)
      : clock_(clock), filters_(filters), scores_(scores) {}

  // A decision begins, and with it its first phase. One that was left open is forgotten.
  void begin(Phase phase);
  // What follows belongs to `phase`. Without effect outside a decision.
  void enter(Phase phase);
  void end() { enter(Phase::kNone); }
  [[nodiscard]] bool running() const { return phase_ != Phase::kNone; }

  // Of the last decision.
  [[nodiscard]] base::Duration time(Phase phase) const {
    return times_[static_cast<std::size_t>(phase)];
  }
  [[nodiscard]] bool sampled() const { return sampled_; }
  [[nodiscard]] const std::vector<PluginTime>& filters() const { return filters_; }
  [[nodiscard]] const std::vector<PluginTime>& scores() const { return scores_; }

  // Calls the filter of that rule, or the score of that position, and measures when sampling.
  template <typename Call>
  placement::Verdict filter(std::size_t rule, const Call& call) {
    if (!sampling()) [[likely]]
      return call();
    const base::SteadyTime began = clock_->now();
    const placement::Verdict verdict = call();
    note(filters_[rule], clock_->now() - began, verdict.fit);
    return verdict;
  }
  // A filter that looks at all nodes in one call, which returns the worst verdict.
  template <typename Call>
  void filterAll(std::size_t rule, const Call& call) {
    if (!sampling()) [[likely]] {
      call();
      return;
    }
    const base::SteadyTime began = clock_->now();
    const placement::Fit worst = call();
    note(filters_[rule], clock_->now() - began, worst);
  }
  template <typename Call>
  void score(std::size_t position, const Call& call) {
    if (!sampling()) [[likely]]
      return call();
    const base::SteadyTime began = clock_->now();
    call();
    note(scores_[position], clock_->now() - began, placement::Fit::kFits);
  }

 private:
  [[nodiscard]] bool sampling() const { return sampled_ && running(); }
  static void note(PluginTime& plugin, base::Duration time, placement::Fit fit);

  const base::Clock* clock_;
  base::Rng rng_{1};
  Phase phase_ = Phase::kNone;
  bool sampled_ = false;
  base::SteadyTime since_{};
  std::array<base::Duration, 4> times_{};
  std::vector<PluginTime> filters_;
  std::vector<PluginTime> scores_;
};

}  // namespace stowage::scheduling
