// FrameworkMetrics: how long extension points, plugins and queueing hints take, in kube-scheduler's
// families. Used by the scheduling thread; what it counts into is thread safe.
// Source: kube-scheduler metrics/metrics.go and framework/runtime/framework.go, v1.36.3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/metric_sink.h"
#include "base/rng.h"
#include "placement/verdict.h"
#include "scheduling/cycle/hint_observer.h"
#include "scheduling/cycle/profile_runner.h"

namespace stowage::scheduling {

// The extension points that have something to measure here.
enum class MeasuredPoint : std::uint8_t {
  kPreFilter,
  kFilter,
  kPostFilter,
  kScore,
  kReserve,
  kPreBind,
  kBind,
};
inline constexpr std::size_t kMeasuredPoints = 7;

// What an extension point or a plugin came to (upstream: framework code).
enum class PointStatus : std::uint8_t {
  kSuccess,
  kError,
  kUnschedulable,
  kUnschedulableAndUnresolvable,
};
inline constexpr std::size_t kPointStatuses = 4;

class FrameworkMetrics final : public HintObserver {
 public:
  // The order of `runners` gives the profile numbers used below.
  FrameworkMetrics(base::MetricSink& sink,
                   const std::vector<std::unique_ptr<ProfileRunner>>& runners);

  // The profile of that number has other plugins now, or is new.
  void profileChanged(std::size_t profile, const ProfileRunner& runner);

  void extensionPoint(std::size_t profile, MeasuredPoint point, PointStatus status,
                      base::Duration time);
  // The runner has looked at the pod before any node.
  void preFiltered(std::size_t profile, const ProfileRunner& runner, PointStatus status);
  // The runner has decided: its filtering, its scoring if several nodes were to be told apart, and
  // its plugins if this decision was sampled.
  void decided(std::size_t profile, const ProfileRunner& runner, std::size_t feasible);
  // Whom to tell the time of hints during one event; nullptr for events that are not sampled.
  HintObserver* hintObserver();
  void hinted(PluginId plugin, std::string_view event, bool queue, base::Duration time) override;

 private:
  base::Histogram& extensionPointHistogram(std::size_t profile, MeasuredPoint point,
                                           PointStatus status);
  base::Histogram& plugin(PluginId id, MeasuredPoint point, PointStatus status);

  base::MetricSink& sink_;
  std::vector<std::string> names_;
  // [profile][point][status]; made when first needed, successes at once.
  std::vector<std::array<std::array<base::Histogram*, kPointStatuses>, kMeasuredPoints>> points_;
  std::map<std::tuple<PluginId, MeasuredPoint, PointStatus>, base::Histogram*> plugins_;
  std::map<std::tuple<PluginId, std::string_view, bool>, base::Histogram*> hints_;  // literals
  base::Rng rng_{2};
};

}  // namespace stowage::scheduling
