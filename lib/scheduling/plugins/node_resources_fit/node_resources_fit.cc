#include "scheduling/plugins/node_resources_fit/node_resources_fit.h"

#include <algorithm>

#include "placement/resource_fit.h"

namespace stowage::scheduling {
namespace {

using placement::Amount;
using placement::Dimension;

// The dimension behind more than one reason bit is not known from the bits alone.
constexpr std::uint64_t kMoreReasons = std::uint64_t{1} << 63;

std::int64_t valueOf(std::span<const Amount> amounts, Dimension dim) {
  for (const Amount& amount : amounts) {
    if (amount.dim == dim) return amount.value;
  }
  return 0;
}

bool fitsEmpty(const Shape& shape, const NodeView& node) {
  if (!shape.fit_demand->absent().empty()) return false;
  const auto& state = node.state;
  if (state.allocatable(placement::kPods, node.info.index) < 1) return false;
  const auto& amounts = shape.fit_demand->amounts().amounts;
  return std::all_of(amounts.begin(), amounts.end(), [&](const Amount& amount) {
    return amount.value <= state.allocatable(amount.dim, node.info.index);
  });
}

bool requestedGrew(const Shape& shape, const ClusterEvent& event) {
  const auto grew = [&](Dimension dim) {
    return event.node->state.allocatable(dim, event.node->info.index) >
           valueOf(event.old_allocatable, dim);
  };
  const auto& amounts = shape.fit_demand->amounts().amounts;
  return grew(placement::kPods) ||
         std::any_of(amounts.begin(), amounts.end(), [&](const Amount& a) { return grew(a.dim); });
}

void addReason(const NodeView& node, Dimension dim, std::vector<std::string>& out) {
  if (dim == placement::kPods) {
    out.emplace_back("Too many pods");
  } else {
    out.push_back("Insufficient " + node.state.dimensionName(dim).str());
  }
}

}  // namespace

bool NodeResourcesFit::applies(const Shape&) const { return true; }

placement::Verdict NodeResourcesFit::check(const Shape& shape, const NodeView& node,
                                           std::uint8_t rule) const {
  placement::Verdict verdict =
      placement::resourceFit(node.state, node.info.index, shape.fit_demand->amounts(), rule);
  if (!shape.fit_demand->absent().empty()) {
    // A resource that no node has: more than the whole allocatable, which is zero.
    verdict.reasons |= kMoreReasons;
    verdict.rule = rule;
    verdict.fit = placement::Fit::kUnresolvable;
  }
  return verdict;
}

void NodeResourcesFit::reasons(const Shape& shape, const NodeView& node,
                               const placement::Verdict& verdict,
                               std::vector<std::string>& out) const {
  for (Dimension dim = 0; dim < 63; ++dim) {
    if ((verdict.reasons >> dim & 1) != 0) addReason(node, dim, out);
  }
  if ((verdict.reasons & kMoreReasons) == 0) return;
  for (const Amount& amount : shape.fit_demand->amounts().amounts) {
    if (amount.dim >= 63 && amount.value > node.state.free(amount.dim, node.info.index)) {
      addReason(node, amount.dim, out);
    }
  }
  for (const auto& [name, value] : shape.fit_demand->absent()) {
    out.push_back("Insufficient " + name.str());
  }
}

std::uint32_t NodeResourcesFit::events() const { return kNodeAdd | kNodeAllocatable | kPodGone; }

bool NodeResourcesFit::wakes(const Shape& shape, const ClusterEvent& event) const {
  if (event.node == nullptr) return false;
  if ((event.kinds & kNodeAdd) != 0 && fitsEmpty(shape, *event.node)) return true;
  if ((event.kinds & kNodeAllocatable) != 0 && fitsEmpty(shape, *event.node) &&
      requestedGrew(shape, event)) {
    return true;
  }
  // Upstream wakes every pod here; one that still does not fit this node would only fail again
  // (docs/deviations.md).
  return (event.kinds & kPodGone) != 0 && check(shape, *event.node, 0).fit == placement::Fit::kFits;
}

}  // namespace stowage::scheduling
