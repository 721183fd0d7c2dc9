#include "scheduling/plugins/node_ports/node_ports.h"

namespace stowage::scheduling {

bool NodePorts::applies(const Shape& shape) const { return !shape.wanted_ports.empty(); }

placement::Verdict NodePorts::check(const Shape& shape, const NodeView& node,
                                    std::uint8_t rule) const {
  if (node.info.ports.empty() || !node.info.ports.conflictsWith(shape.wanted_ports)) return {};
  return rejected(rule, placement::Fit::kUnschedulable);
}

void NodePorts::reasons(const Shape&, const NodeView&, const placement::Verdict&,
                        std::vector<std::string>& out) const {
  out.emplace_back("node(s) didn't have free ports for the requested pod ports");
}

std::uint32_t NodePorts::events() const { return kNodeAdd | kPodGone; }

bool NodePorts::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (event.node == nullptr) return false;
  if ((event.kinds & kNodeAdd) != 0) return true;
  if (event.freed == nullptr || event.freed->empty()) return false;
  UsedPorts freed;
  freed.add(*event.freed);
  return freed.conflictsWith(shape.wanted_ports);
}

}  // namespace stowage::scheduling
