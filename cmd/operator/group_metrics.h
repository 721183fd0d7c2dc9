// What groups come to, as metrics: read off their statuses when metrics are rendered, so that a
// group which is gone leaves no series behind. About a dozen series a group. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "kubeapi/stateful_group.h"
#include "serving/metrics_registry.h"

namespace stowage::operator_cmd {

const std::vector<base::MetricFamily>& groupMetricFamilies();
std::vector<serving::GaugeFamily> groupMetrics(
    const std::vector<kubeapi::StatefulGroupPtr>& groups);

}  // namespace stowage::operator_cmd
