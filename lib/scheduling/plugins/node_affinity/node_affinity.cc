#include "scheduling/plugins/node_affinity/node_affinity.h"

namespace stowage::scheduling {

bool NodeAffinity::applies(const Shape& shape) const { return !shape.required_nodes.empty(); }

placement::Verdict NodeAffinity::check(const Shape& shape, const NodeView& node,
                                       std::uint8_t rule) const {
  if (shape.required_nodes.matches(node.node.meta.labels, node.info.name)) return {};
  return rejected(rule, placement::Fit::kUnresolvable);
}

void NodeAffinity::reasons(const Shape&, const NodeView&, const placement::Verdict&,
                           std::vector<std::string>& out) const {
  out.emplace_back("node(s) didn't match Pod's node affinity/selector");
}

std::uint32_t NodeAffinity::events() const { return kNodeAdd | kNodeLabels; }

bool NodeAffinity::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (event.node == nullptr) return false;
  if (check(shape, *event.node, 0).fit != placement::Fit::kFits) return false;
  return event.old_node == nullptr ||
         !shape.required_nodes.matches(event.old_node->meta.labels, event.node->info.name);
}

bool NodeAffinityScore::applies(const Shape& shape) const {
  return !shape.spec.node_preferred.empty();
}

std::int64_t NodeAffinityScore::score(const Shape& shape, const NodeView& node) {
  std::int64_t sum = 0;
  for (const auto& [weight, term] : shape.spec.node_preferred) {
    // An empty preferred term counts for nothing; matches() says no to it.
    if (weight != 0 && kubeapi::matches(term, node.node.meta.labels, node.info.name)) sum += weight;
  }
  return sum;
}

}  // namespace stowage::scheduling
