#include "scheduling/framework_metrics.h"

namespace stowage::scheduling {
namespace {

constexpr std::array<std::string_view, kMeasuredPoints> kPointNames = {
    "PreFilter", "Filter", "PostFilter", "Score", "Reserve", "PreBind", "Bind"};
constexpr std::array<std::string_view, kPointStatuses> kStatusNames = {
    "Success", "Error", "Unschedulable", "UnschedulableAndUnresolvable"};

std::string nameOf(MeasuredPoint point) {
  return std::string(kPointNames[static_cast<std::size_t>(point)]);
}
std::string nameOf(PointStatus status) {
  return std::string(kStatusNames[static_cast<std::size_t>(status)]);
}
std::string nameOf(PluginId plugin) { return std::string(knownPlugins()[plugin].name); }

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

PointStatus statusOf(placement::Fit fit) {
  switch (fit) {
    case placement::Fit::kFits:
      break;
    case placement::Fit::kUnschedulable:
      return PointStatus::kUnschedulable;
    case placement::Fit::kUnresolvable:
      return PointStatus::kUnschedulableAndUnresolvable;
  }
  return PointStatus::kSuccess;
}

// 0.1 ms to 205 ms, and 0.01 ms to 22 ms.
std::vector<double> pointBuckets() { return base::exponentialBuckets(0.0001, 2, 12); }
std::vector<double> pluginBuckets() { return base::exponentialBuckets(0.00001, 1.5, 20); }

const base::MetricFamily& hintsFamily() {
  static const base::MetricFamily kFamily{
      base::MetricType::kHistogram,
      "scheduler_queueing_hint_execution_duration_seconds",
      "Duration for running a queueing hint function of a plugin; one event in ten is measured.",
      {"event", "hint", "plugin"},
      pluginBuckets()};
  return kFamily;
}

}  // namespace

FrameworkMetrics::FrameworkMetrics(base::MetricSink& sink,
                                   const std::vector<std::unique_ptr<ProfileRunner>>& runners)
    : sink_(sink) {
  sink_.announce(hintsFamily());
  for (std::size_t p = 0; p < runners.size(); ++p) profileChanged(p, *runners[p]);
}

void FrameworkMetrics::profileChanged(std::size_t profile, const ProfileRunner& runner) {
  if (profile == points_.size()) {
    points_.emplace_back();
    names_.push_back(runner.schedulerName());
  }
  for (const auto point : {MeasuredPoint::kPreFilter, MeasuredPoint::kFilter, MeasuredPoint::kScore,
                           MeasuredPoint::kBind}) {
    extensionPointHistogram(profile, point, PointStatus::kSuccess);
  }
  for (const std::string& name : runner.filterNames()) {
    plugin(pluginId(name), MeasuredPoint::kFilter, PointStatus::kSuccess);
  }
  for (const std::string& name : runner.scoreNames()) {
    plugin(pluginId(name), MeasuredPoint::kScore, PointStatus::kSuccess);
  }
}

base::Histogram& FrameworkMetrics::extensionPointHistogram(std::size_t profile, MeasuredPoint point,
                                                           PointStatus status) {
  base::Histogram*& histogram =
      points_[profile][static_cast<std::size_t>(point)][static_cast<std::size_t>(status)];
  if (histogram == nullptr) {
    histogram = &sink_.histogram("scheduler_framework_extension_point_duration_seconds",
                                 "Latency for running all plugins of a specific extension point.",
                                 {{"extension_point", nameOf(point)},
                                  {"status", nameOf(status)},
                                  {"profile", names_[profile]}},
                                 pointBuckets());
  }
  return *histogram;
}

void FrameworkMetrics::extensionPoint(std::size_t profile, MeasuredPoint point, PointStatus status,
                                      base::Duration time) {
  extensionPointHistogram(profile, point, status).observe(seconds(time));
}

void FrameworkMetrics::preFiltered(std::size_t profile, const ProfileRunner& runner,
                                   PointStatus status) {
  extensionPoint(profile, MeasuredPoint::kPreFilter, status,
                 runner.watch().time(DecisionWatch::Phase::kPreFilter));
}

void FrameworkMetrics::decided(std::size_t profile, const ProfileRunner& runner,
                               std::size_t feasible) {
  const DecisionWatch& watch = runner.watch();
  extensionPoint(profile, MeasuredPoint::kFilter, PointStatus::kSuccess,
                 watch.time(DecisionWatch::Phase::kFilter));
  // Upstream does not score a node that has no rival.
  if (feasible > 1) {
    extensionPoint(profile, MeasuredPoint::kScore, PointStatus::kSuccess,
                   watch.time(DecisionWatch::Phase::kScore));
  }
  if (!watch.sampled()) return;
  const auto tell = [&](const std::vector<DecisionWatch::PluginTime>& times,
                        const std::vector<std::string>& names, MeasuredPoint point) {
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (!times[i].asked) continue;
      plugin(pluginId(names[i]), point, statusOf(times[i].worst)).observe(seconds(times[i].time));
    }
  };
  tell(watch.filters(), runner.filterNames(), MeasuredPoint::kFilter);
  tell(watch.scores(), runner.scoreNames(), MeasuredPoint::kScore);
}

base::Histogram& FrameworkMetrics::plugin(PluginId id, MeasuredPoint point, PointStatus status) {
  base::Histogram*& histogram = plugins_[{id, point, status}];
  if (histogram == nullptr) {
    histogram = &sink_.histogram(
        "scheduler_plugin_execution_duration_seconds",
        "Duration for running a plugin at a specific extension point, for all nodes of one "
        "decision; one decision in ten is measured.",
        {{"plugin", nameOf(id)}, {"extension_point", nameOf(point)}, {"status", nameOf(status)}},
        pluginBuckets());
  }
  return *histogram;
}

HintObserver* FrameworkMetrics::hintObserver() {
  return rng_.below(100) < DecisionWatch::kSampledPercent ? this : nullptr;
}

void FrameworkMetrics::hinted(PluginId id, std::string_view event, bool queue,
                              base::Duration time) {
  base::Histogram*& histogram = hints_[{id, event, queue}];
  if (histogram == nullptr) {
    histogram = &sink_.histogram(hintsFamily().name, hintsFamily().help,
                                 {{"plugin", nameOf(id)},
                                  {"event", std::string(event)},
                                  {"hint", queue ? "Queue" : "QueueSkip"}},
                                 pluginBuckets());
  }
  histogram->observe(seconds(time));
}

}  // namespace stowage::scheduling
