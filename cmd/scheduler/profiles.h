// From the configuration's resolved profiles to those that scheduling runs. Pure.
#pragma once

#include <vector>

#include "config/scheduler_config.h"
#include "scheduling/extenders/extender_port.h"
#include "scheduling/profile.h"

namespace stowage::scheduler_cmd {

std::vector<scheduling::Profile> schedulingProfiles(const config::SchedulerConfig& config);
std::vector<scheduling::ExtenderSpec> extenderSpecs(const config::SchedulerConfig& config);

}  // namespace stowage::scheduler_cmd
