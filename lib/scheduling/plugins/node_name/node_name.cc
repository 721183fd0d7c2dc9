#include "scheduling/plugins/node_name/node_name.h"

namespace stowage::scheduling {

bool NodeName::applies(const Shape& shape) const { return !shape.spec.node_name.empty(); }

placement::Verdict NodeName::check(const Shape& shape, const NodeView& node,
                                   std::uint8_t rule) const {
  if (shape.spec.node_name == node.info.name) return {};
  return rejected(rule, placement::Fit::kUnresolvable);
}

void NodeName::reasons(const Shape&, const NodeView&, const placement::Verdict&,
                       std::vector<std::string>& out) const {
  out.emplace_back("node(s) didn't match the requested node name");
}

std::uint32_t NodeName::events() const { return kNodeAdd; }

bool NodeName::wakes(const Shape& shape, const ClusterEvent& event) const {
  return event.node != nullptr && shape.spec.node_name == event.node->info.name;
}

}  // namespace stowage::scheduling
