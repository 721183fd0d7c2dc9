#include "scheduling/plugins/packing/packing_plugin.h"

#include <cmath>

namespace stowage::scheduling {
namespace {

placement::PackingWeights weightsOf(const PackingSettings& settings) {
  placement::PackingWeights weights;
  if (settings.quantum > 0) weights.quantum = settings.quantum;
  weights.imbalance_permille =
      static_cast<std::int64_t>(std::llround(settings.imbalance_weight * 1000));
  if (settings.window > 0) weights.window = settings.window;
  return weights;
}

}  // namespace

PackingPlugin::PackingPlugin(placement::ClusterState& state, const PackingSettings& settings)
    : score_(state, weightsOf(settings)) {}

}  // namespace stowage::scheduling
