#include "scheduling/plugins/peer_factory.h"

namespace stowage::scheduling {

std::unique_ptr<PeerFilter> makePeerFilter(std::string_view /*name*/, const Profile& /*profile*/,
                                           ClusterCache& /*cache*/) {
  return nullptr;
}

std::unique_ptr<PeerScore> makePeerScore(std::string_view /*name*/, const Profile& /*profile*/,
                                         ClusterCache& /*cache*/) {
  return nullptr;
}

}  // namespace stowage::scheduling
