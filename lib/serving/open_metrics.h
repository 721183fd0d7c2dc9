// Metric families as OpenMetrics 1.0 text
// (github.com/prometheus/OpenMetrics, specification/OpenMetrics.md), which prometheus-cpp does not
// write. A pure function; for lib/serving only.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

namespace stowage::serving {

inline constexpr std::string_view kOpenMetricsContentType =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

// Of counters, gauges and histograms, in the order given. A counter whose name does not end in
// _total is shown as "unknown": OpenMetrics has no such counters.
std::string openMetricsText(const std::vector<prometheus::MetricFamily>& families);

}  // namespace stowage::serving
