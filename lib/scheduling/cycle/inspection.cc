#include "scheduling/cycle/inspection.h"

#include "scheduling/cycle/context.h"
#include "scheduling/cycle/promised_room.h"
#include "scheduling/cycle/unsupported.h"
#include "scheduling/preemption/preemption.h"

namespace stowage::scheduling {

PodInspection inspectPod(Context& context, Preemption& preemption, std::uint32_t profile,
                         const kubeapi::Pod& pod) {
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
  const Attempt attempt{pod, shape};
  const std::vector<NodeVerdict> withheld = withheldNodes(context, runner, attempt);
  found = runner.inspect(attempt, withheld);
  if (!found.pre_filter && found.chosen.empty()) {
    preemption.inspect(runner, attempt, withheld, found);
    if (found.preemption && !found.preemption->message.empty()) {
      found.message += " " + found.preemption->message;
    }
  }
  runner.shapes().release(shape);
  return found;
}

}  // namespace stowage::scheduling
