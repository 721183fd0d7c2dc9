#include "scheduling/plugins/peer_factory.h"

#include "scheduling/plugins/inter_pod_affinity/inter_pod_affinity.h"
#include "scheduling/plugins/pod_topology_spread/pod_topology_spread.h"

namespace stowage::scheduling {

std::unique_ptr<PeerFilter> makePeerFilter(std::string_view name, const Profile& profile,
                                           ClusterCache& cache) {
  if (name == "InterPodAffinity") return std::make_unique<InterPodAffinity>(cache.peers());
  if (name == "PodTopologySpread") {
    return std::make_unique<PodTopologySpread>(
        cache.peers(), SpreadRules(profile.spread_defaults, cache.workloads()));
  }
  return nullptr;
}

std::unique_ptr<PeerScore> makePeerScore(std::string_view name, const Profile& profile,
                                         ClusterCache& cache) {
  if (name == "InterPodAffinity") {
    return std::make_unique<InterPodAffinityScore>(cache.peers(), profile.hard_pod_affinity_weight,
                                                   profile.ignore_preferred_terms_of_existing_pods);
  }
  if (name == "PodTopologySpread") {
    return std::make_unique<PodTopologySpreadScore>(
        cache.peers(), SpreadRules(profile.spread_defaults, cache.workloads()));
  }
  return nullptr;
}

}  // namespace stowage::scheduling
