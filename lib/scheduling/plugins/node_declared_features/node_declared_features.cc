#include "scheduling/plugins/node_declared_features/node_declared_features.h"

namespace stowage::scheduling {
namespace {

bool declaresAll(const Shape& shape, const kubeapi::Node& node) {
  return (shape.spec.features & ~kubeapi::declaredFeatures(node.declared_features)) == 0;
}

}  // namespace

bool NodeDeclaredFeatures::applies(const Shape& shape) const { return shape.spec.features != 0; }

placement::Verdict NodeDeclaredFeatures::check(const Shape& shape, const NodeView& node,
                                               std::uint8_t rule) const {
  if (declaresAll(shape, node.node)) return {};
  return rejected(rule, placement::Fit::kUnresolvable);
}

void NodeDeclaredFeatures::reasons(const Shape&, const NodeView&, const placement::Verdict&,
                                   std::vector<std::string>& out) const {
  out.emplace_back("node(s) didn't match Pod's required features");
}

std::uint32_t NodeDeclaredFeatures::events() const { return kNodeAdd | kNodeFeatures; }

bool NodeDeclaredFeatures::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (event.node == nullptr || !declaresAll(shape, event.node->node)) return false;
  return event.old_node == nullptr || !declaresAll(shape, *event.old_node);
}

}  // namespace stowage::scheduling
