// makePeerFilter, makePeerScore: the plugins that look at pods of other nodes. Pure.
#pragma once

#include <memory>
#include <string_view>

#include "scheduling/cache/cluster_cache.h"
#include "scheduling/plugins/peer_plugin.h"
#include "scheduling/profile.h"

namespace stowage::scheduling {

// nullptr when the name has no such side or is not built. `cache` outlives the plugin.
std::unique_ptr<PeerFilter> makePeerFilter(std::string_view name, const Profile& profile,
                                           ClusterCache& cache);
std::unique_ptr<PeerScore> makePeerScore(std::string_view name, const Profile& profile,
                                         ClusterCache& cache);

}  // namespace stowage::scheduling
