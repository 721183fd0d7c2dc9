// Checks that look at more than one field of a SchedulerConfig. Pure.
#pragma once

#include <vector>

#include "config/problems.h"
#include "config/scheduler_config.h"

namespace stowage::config {

// Upstream's rules (component-base config/validation: ValidateLeaderElectionConfiguration, and
// client-go's renewDeadline > 1.2 * retryPeriod), and ours: never kube-scheduler's own Lease.
void validateLeaderElection(const LeaderElectionConfig& election, Place place, Problems& problems);

// Names the profiles (one without a name is stowage-scheduler when it is the only one; the flag
// wins), then checks them: names unique and allowed, one queue sort for all, a binder each.
// `places` has one entry per profile.
void finishProfiles(SchedulerConfig& config, const std::vector<Place>& places,
                    const ConfigOverrides& overrides, Problems& problems);

}  // namespace stowage::config
