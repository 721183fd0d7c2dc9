// makeScore: the scores that are built. Beside the registry because scores may look at the whole
// cluster (Packing does), which filters may not. Pure.
#pragma once

#include <memory>
#include <string_view>

#include "scheduling/cache/cluster_cache.h"
#include "scheduling/plugins/plugin.h"
#include "scheduling/profile.h"

namespace stowage::scheduling {

// nullptr when the name has no score or it is not built. `cache` outlives the plugin.
std::unique_ptr<ScorePlugin> makeScore(std::string_view name, const Profile& profile,
                                       ClusterCache& cache);

}  // namespace stowage::scheduling
