// Random histories of a cluster: the cache always equals the naive choice, and the columns always
// equal sums made the slow way.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "placement/cluster_state.h"
#include "placement/resource_fit.h"
#include "placement/shape_cache.h"

namespace stowage::placement {
namespace {

constexpr int kShapes = 5;
constexpr int kNames = 4;  // scalar resources

// Checks resources and a node label; scores fullness, a label and a term shared by all nodes, and
// moves the label by a term of the shape's own.
class ModelRules : public NodeRules {
 public:
  explicit ModelRules(const ClusterState& state) : state_(state) {}
  Verdict check(ShapeId shape, NodeIndex node) override {
    if (label(node) == shape) return Verdict{.rule = 0, .fit = Fit::kUnresolvable};
    return resourceFit(state_, node, demands[shape], 1);
  }
  void score(ShapeId shape, NodeIndex node, std::span<std::int64_t> raw) override {
    raw[0] = state_.requested(kCpu, node) - state_.allocatable(kCpu, node) / 2;
    raw[1] = (label(node) + own[shape]) % kShapes;
    raw[2] = (state_.free(kMemory, node) + shape) % (shared + 1);
  }
  [[nodiscard]] std::uint32_t label(NodeIndex node) const {
    return labels.at(state_.nodeName(node).str());
  }
  std::vector<Demand> demands{kShapes};
  std::map<std::string, std::uint32_t> labels;
  std::int64_t shared = 3;
  std::vector<std::uint32_t> own = std::vector<std::uint32_t>(kShapes);

 private:
  const ClusterState& state_;
};

struct Placed {
  std::string node;
  Demand demand;
};

// A cluster and, beside it, its slow description.
class History {
 public:
  explicit History(std::vector<ScoreColumn> columns)
      : columns_(std::move(columns)), cache_(state_, rules_, columns_, 3) {
    for (int i = 0; i < kNames; ++i) {
      dims_.push_back(state_.acquireDimension("example.com/" + std::to_string(i)));
    }
  }
  void step() {
    switch (*rc::gen::inRange(0, 13)) {
      case 0:
      case 1:
        return addNode();
      case 2:
        return removeNode();
      case 3:
        return setAllocatable();
      case 4:
        return touch();
      case 5:
        return place();
      case 6:
        return remove();
      case 7:
        return changeShape();
      case 8:
        rules_.shared = *rc::gen::inRange(0, 50);
        return cache_.forgetScores();
      case 9: {
        const ShapeId shape = *rc::gen::inRange(0, kShapes);
        rules_.own[shape] = *rc::gen::inRange(0, kShapes);
        return cache_.forgetScores(shape);
      }
      default:
        return choose();
    }
  }
  void addNode() {
    const std::string name = "n" + std::to_string(*rc::gen::inRange(0, 150));
    if (state_.findNode(name) == kNoNode) names_.push_back(name);
    rules_.labels.emplace(name, *rc::gen::inRange(0, kShapes));
    const NodeIndex node = state_.addNode(name);
    state_.setAllocatable(node, std::vector<Amount>{{kCpu, amount()}, {kPods, amount()}});
  }
  void checkSums() {
    for (NodeIndex node = 0; node < state_.slots(); ++node) {
      std::map<Dimension, double> expected;
      for (const Placed& placed : placed_) {
        if (!state_.present(node) || placed.node != state_.nodeName(node).str()) continue;
        ++expected[kPods];
        for (const Amount& amount : placed.demand.amounts) {
          expected[amount.dim] += static_cast<double>(amount.value);
        }
      }
      for (Dimension dim = 0; dim < state_.dimensions(); ++dim) {
        const double most = 9223372036854775807.0;
        RC_ASSERT(static_cast<double>(state_.requested(dim, node)) ==
                  std::min(expected[dim], most));
      }
    }
  }

 private:
  // Mostly small; now and then as large as can be.
  static std::int64_t amount() {
    return *rc::gen::weightedOneOf<std::int64_t>(
        {{9, rc::gen::inRange<std::int64_t>(0, 40)},
         {1, rc::gen::just<std::int64_t>(std::int64_t{1} << 62)}});
  }
  Demand demand() {
    Demand demand{.amounts = {}, .non_zero_cpu = amount(), .non_zero_memory = amount()};
    for (Dimension dim = 0; dim < kFirstScalar + dims_.size(); ++dim) {
      if (dim == kPods || !*rc::gen::weightedElement<bool>({{1, true}, {2, false}})) continue;
      demand.amounts.push_back({dim, amount() + 1});
    }
    return demand;
  }
  std::string anyNode() { return *rc::gen::elementOf(names_); }
  void removeNode() {
    if (names_.empty()) return;
    const std::string name = anyNode();
    state_.removeNode(state_.findNode(name));
    std::erase(names_, name);
    std::erase_if(placed_, [&](const Placed& p) { return p.node == name; });
    rules_.labels.erase(name);
  }
  void setAllocatable() {
    if (names_.empty()) return;
    std::vector<Amount> amounts;
    for (Dimension dim = 0; dim < kFirstScalar + dims_.size(); ++dim) {
      if (*rc::gen::arbitrary<bool>()) amounts.push_back({dim, amount()});
    }
    state_.setAllocatable(state_.findNode(anyNode()), amounts);
  }
  void touch() {
    if (names_.empty()) return;
    const std::string name = anyNode();
    rules_.labels[name] = *rc::gen::inRange(0, kShapes + 1);
    state_.touch(state_.findNode(name));
  }
  void place() {
    if (names_.empty()) return;
    placed_.push_back({anyNode(), demand()});
    state_.place(state_.findNode(placed_.back().node), placed_.back().demand);
  }
  void remove() {
    if (placed_.empty()) return;
    const auto index = *rc::gen::inRange<std::size_t>(0, placed_.size());
    state_.remove(state_.findNode(placed_[index].node), placed_[index].demand);
    placed_.erase(placed_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  void changeShape() {
    const ShapeId shape = *rc::gen::inRange(0, kShapes);
    rules_.demands[shape] = demand();
    cache_.forget(shape);
  }
  void choose() {
    const ShapeId shape = *rc::gen::inRange(0, kShapes);
    const Choice naive = chooseNaively(state_, rules_, columns_, shape);
    const Choice cached = cache_.choose(shape);
    RC_ASSERT(cached.node == naive.node);
    RC_ASSERT(cached.score == naive.score);
    RC_ASSERT(cached.feasible == naive.feasible);
    const auto verdicts = cache_.verdicts(shape);
    RC_ASSERT(verdicts.size() == state_.slots());
    for (NodeIndex node = 0; node < verdicts.size(); ++node) {
      RC_ASSERT(verdicts[node] == (state_.present(node) ? rules_.check(shape, node) : Verdict{}));
    }
    if (cached.node == kNoNode || !*rc::gen::arbitrary<bool>()) return;
    placed_.push_back({state_.nodeName(cached.node).str(), rules_.demands[shape]});
    state_.place(cached.node, rules_.demands[shape]);
  }

  ClusterState state_;
  ModelRules rules_{state_};
  std::vector<ScoreColumn> columns_;
  ShapeCache cache_;
  std::vector<Dimension> dims_;
  std::vector<std::string> names_;
  std::vector<Placed> placed_;
};

RC_GTEST_PROP(ShapeCacheProperty, CachedChoicesAndSumsEqualTheSlowWayAfterAnyHistory, ()) {
  const auto how = rc::gen::element(Normalise::kNone, Normalise::kMax, Normalise::kMaxReversed,
                                    Normalise::kMinMax);
  std::vector<ScoreColumn> columns(3);
  for (ScoreColumn& column : columns) {
    column = {*how, *rc::gen::inRange<std::int64_t>(0, 4), *rc::gen::arbitrary<bool>()};
  }
  History history(columns);
  const int nodes = *rc::gen::inRange(0, 150);  // more than one block of the cache
  for (int i = 0; i < nodes; ++i) history.addNode();
  const int steps = *rc::gen::inRange(0, 400);
  for (int i = 0; i < steps; ++i) history.step();
  history.checkSums();
}

// Names held by shapes and nodes that come and go: a name in use keeps its dimension, different
// names never share one, and columns are not more than were ever needed at once.
RC_GTEST_PROP(ClusterStateProperty, DimensionsAreUniqueWhileHeldAndUsedAgainAfterwards, ()) {
  ClusterState state;
  std::map<std::string, std::pair<Dimension, int>> held;
  std::size_t most_held = 0;
  const int steps = *rc::gen::inRange(0, 300);
  for (int i = 0; i < steps; ++i) {
    const std::string name = "example.com/" + std::to_string(*rc::gen::inRange(0, 30));
    const auto found = held.find(name);
    if (found != held.end() && *rc::gen::arbitrary<bool>()) {
      state.releaseDimension(found->second.first);
      if (--found->second.second == 0) held.erase(found);
      continue;
    }
    const Dimension dim = state.acquireDimension(name);
    if (found != held.end()) RC_ASSERT(dim == found->second.first);
    held[name].first = dim;
    ++held[name].second;
    most_held = std::max(most_held, held.size());
  }
  std::map<Dimension, std::string> owner;
  for (const auto& [name, hold] : held) {
    RC_ASSERT(owner.emplace(hold.first, name).second);
    RC_ASSERT(state.dimensionName(hold.first).str() == name);
  }
  RC_ASSERT(state.dimensions() == kFirstScalar + most_held);
}

}  // namespace
}  // namespace stowage::placement
