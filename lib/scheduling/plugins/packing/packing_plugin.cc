#include "scheduling/plugins/packing/packing_plugin.h"

#include <algorithm>
#include <cmath>

namespace stowage::scheduling {
namespace {

placement::PackingWeights weightsOf(const PackingSettings& settings) {
  placement::PackingWeights weights;
  if (settings.quantum > 0) weights.quantum = settings.quantum;
  if (settings.imbalance_weight >= 0) {
    // Bounded first: what does not fit an integer must not be converted to one.
    weights.imbalance_permille = std::llround(std::min(settings.imbalance_weight, 1000.0) * 1000);
  }
  if (settings.window > 0) weights.window = settings.window;
  return weights;
}

}  // namespace

PackingPlugin::PackingPlugin(placement::ClusterState& state, const PackingSettings& settings)
    : score_(state, weightsOf(settings)) {}

}  // namespace stowage::scheduling
