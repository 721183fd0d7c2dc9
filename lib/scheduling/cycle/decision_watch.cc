#include "scheduling/cycle/decision_watch.h"

#include <algorithm>

namespace stowage::scheduling {

void DecisionWatch::begin(Phase phase) {
  if (clock_ == nullptr) return;
  sampled_ = rng_.below(100) < kSampledPercent;
  if (sampled_) {
    std::fill(filters_.begin(), filters_.end(), PluginTime{});
    std::fill(scores_.begin(), scores_.end(), PluginTime{});
  }
  times_ = {};
  since_ = clock_->now();
  phase_ = phase;
}

void DecisionWatch::enter(Phase phase) {
  if (!running() || phase_ == phase) return;
  const base::SteadyTime now = clock_->now();
  times_[static_cast<std::size_t>(phase_)] += now - since_;
  since_ = now;
  phase_ = phase;
}

void DecisionWatch::note(PluginTime& plugin, base::Duration time, placement::Fit fit) {
  plugin.time += time;
  plugin.asked = true;
  plugin.worst = std::max(plugin.worst, fit);
}

}  // namespace stowage::scheduling
