#include "scheduling/plugins/node_affinity/node_affinity.h"

namespace stowage::scheduling {
namespace {

// Verdict::reasons of a node that the profile's own affinity rejects.
constexpr std::uint64_t kEnforced = 1;

std::int64_t weightOf(const std::vector<kubeapi::PreferredNodeTerm>& terms, const NodeView& node) {
  std::int64_t sum = 0;
  for (const auto& [weight, term] : terms) {
    // An empty preferred term counts for nothing; matches() says no to it.
    if (weight != 0 && kubeapi::matches(term, node.node.meta.labels, node.info.name)) sum += weight;
  }
  return sum;
}

}  // namespace

bool NodeAffinity::applies(const Shape& shape) const {
  return !added_.empty() || !shape.required_nodes.empty();
}

placement::Verdict NodeAffinity::check(const Shape& shape, const NodeView& node,
                                       std::uint8_t rule) const {
  const kubeapi::Labels& labels = node.node.meta.labels;
  if (!added_.matches(labels, node.info.name)) {
    return {.reasons = kEnforced, .rule = rule, .fit = placement::Fit::kUnresolvable};
  }
  if (shape.required_nodes.matches(labels, node.info.name)) return {};
  return rejected(rule, placement::Fit::kUnresolvable);
}

void NodeAffinity::reasons(const Shape&, const NodeView&, const placement::Verdict& verdict,
                           std::vector<std::string>& out) const {
  out.emplace_back(verdict.reasons == kEnforced
                       ? "node(s) didn't match scheduler-enforced node affinity"
                       : "node(s) didn't match Pod's node affinity/selector");
}

std::uint32_t NodeAffinity::events() const { return kNodeAdd | kNodeLabels; }

bool NodeAffinity::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (event.node == nullptr) return false;
  if (check(shape, *event.node, 0).fit != placement::Fit::kFits) return false;
  if (event.old_node == nullptr) return true;
  // Upstream asks only about the pod's own affinity here, and sleeps through a label that the
  // profile's affinity waits for (docs/deviations.md).
  const kubeapi::Labels& before = event.old_node->meta.labels;
  const Symbol& name = event.node->info.name;
  return !added_.matches(before, name) || !shape.required_nodes.matches(before, name);
}

bool NodeAffinityScore::applies(const Shape& shape) const {
  return !added_.empty() || !shape.spec.node_preferred.empty();
}

std::int64_t NodeAffinityScore::score(const Shape& shape, const NodeView& node) {
  return weightOf(added_, node) + weightOf(shape.spec.node_preferred, node);
}

}  // namespace stowage::scheduling
