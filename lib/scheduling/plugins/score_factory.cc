#include "scheduling/plugins/score_factory.h"

#include "scheduling/plugins/balanced_allocation/balanced_allocation.h"
#include "scheduling/plugins/image_locality/image_locality.h"
#include "scheduling/plugins/node_affinity/node_affinity.h"
#include "scheduling/plugins/node_resources_fit/fit_score.h"
#include "scheduling/plugins/packing/packing_plugin.h"
#include "scheduling/plugins/taint_toleration/taint_toleration.h"

namespace stowage::scheduling {

std::unique_ptr<ScorePlugin> makeScore(std::string_view name, const Profile& profile,
                                       ClusterCache& cache) {
  if (name == "TaintToleration") return std::make_unique<TaintTolerationScore>();
  if (name == "NodeAffinity") {
    return std::make_unique<NodeAffinityScore>(profile.added_affinity);
  }
  if (name == "Packing") {
    return std::make_unique<PackingPlugin>(cache.stateForScores(), profile.packing);
  }
  if (name == "NodeResourcesFit") {
    return std::make_unique<FitScore>(cache.stateForScores(), profile.fit_scoring);
  }
  if (name == "NodeResourcesBalancedAllocation") {
    return std::make_unique<BalancedAllocation>(cache.stateForScores(), profile.balanced_resources);
  }
  if (name == "ImageLocality") return std::make_unique<ImageLocality>(cache);
  return nullptr;
}

}  // namespace stowage::scheduling
