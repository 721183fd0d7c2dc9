// From the configuration's resolved profiles to those that scheduling runs. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "config/scheduler_config.h"
#include "scheduling/extenders/extender_port.h"
#include "scheduling/profile.h"

namespace stowage::scheduler_cmd {

std::vector<scheduling::Profile> schedulingProfiles(const config::SchedulerConfig& config);
// Positions in the configuration's `extenders` in the order in which they are asked: those that may
// be ignored come last. Source: kube-scheduler scheduler.go (buildExtenders), v1.36.3.
std::vector<std::size_t> extenderOrder(const config::SchedulerConfig& config);
// In that order.
std::vector<scheduling::ExtenderSpec> extenderSpecs(const config::SchedulerConfig& config);

}  // namespace stowage::scheduler_cmd
