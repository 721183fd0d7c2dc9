#include "scheduling/plugins/taint_toleration/taint_toleration.h"

#include <algorithm>

namespace stowage::scheduling {

bool TaintToleration::applies(const Shape&) const { return true; }

placement::Verdict TaintToleration::check(const Shape& shape, const NodeView& node,
                                          std::uint8_t rule) const {
  if (node.node.taints.empty()) return {};
  if (shape.taintVerdict(node.info.taint_class, node.node.taints).tolerated) return {};
  return rejected(rule, placement::Fit::kUnresolvable);
}

void TaintToleration::reasons(const Shape&, const NodeView&, const placement::Verdict&,
                              std::vector<std::string>& out) const {
  out.emplace_back("node(s) had untolerated taint(s)");
}

std::uint32_t TaintToleration::events() const { return kNodeAdd | kNodeTaints; }

bool TaintToleration::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (event.node == nullptr) return false;
  if (check(shape, *event.node, 0).fit != placement::Fit::kFits) return false;
  if (event.old_node == nullptr) return true;
  return std::any_of(event.old_node->taints.begin(), event.old_node->taints.end(),
                     [&](const kubeapi::Taint& taint) {
                       return (taint.effect == kubeapi::TaintEffect::kNoSchedule ||
                               taint.effect == kubeapi::TaintEffect::kNoExecute) &&
                              !kubeapi::tolerates(shape.spec.tolerations, taint);
                     });
}

std::int64_t TaintTolerationScore::score(const Shape& shape, const NodeView& node) {
  if (node.node.taints.empty()) return 0;
  return shape.taintVerdict(node.info.taint_class, node.node.taints).not_preferred;
}

}  // namespace stowage::scheduling
