#include "scheduling/plugins/node_unschedulable/node_unschedulable.h"

namespace stowage::scheduling {

bool NodeUnschedulable::applies(const Shape& shape) const { return !shape.tolerates_unschedulable; }

placement::Verdict NodeUnschedulable::check(const Shape&, const NodeView& node,
                                            std::uint8_t rule) const {
  if (!node.node.unschedulable) return {};
  return rejected(rule, placement::Fit::kUnresolvable);
}

void NodeUnschedulable::reasons(const Shape&, const NodeView&, const placement::Verdict&,
                                std::vector<std::string>& out) const {
  out.emplace_back("node(s) were unschedulable");
}

std::uint32_t NodeUnschedulable::events() const { return kNodeAdd | kNodeTaints; }

bool NodeUnschedulable::wakes(const Shape&, const ClusterEvent& event) const {
  if (event.node == nullptr || event.node->node.unschedulable) return false;
  return event.old_node == nullptr || event.old_node->unschedulable;
}

}  // namespace stowage::scheduling
