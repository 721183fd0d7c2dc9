#include "scheduling/cycle/inspection.h"

#include "scheduling/cycle/context.h"
#include "scheduling/cycle/unsupported.h"

namespace stowage::scheduling {

PodInspection inspectPod(Context& context, std::uint32_t profile, const kubeapi::Pod& pod) {
  ProfileRunner& runner = *context.profiles[profile];
  PodInspection found;
  if (const auto refusal = unsupportedFeature(pod)) {
    found.refusal = refusal->message;
    return found;
  }
  if (context.cache.nodeCount() == 0) {
    found.message = kNoNodesMessage;
    return found;
  }
  const ShapeId shape = runner.acquireShape(pod);
  found = runner.inspect({pod, shape});
  runner.shapes().release(shape);
  return found;
}

}  // namespace stowage::scheduling
