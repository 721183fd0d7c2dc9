#include "scheduling/cycle/profile_runner.h"

#include <algorithm>
#include <unordered_map>

#include "base/check.h"
#include "scheduling/cycle/fit_error.h"
#include "scheduling/plugins/score_factory.h"

namespace stowage::scheduling {
namespace {

using placement::Choice;
using placement::Fit;
using placement::kNoNode;
using placement::NodeIndex;
using placement::Verdict;

// Rule of nodes that were not looked at because the pod names its nodes.
constexpr std::uint8_t kNotNamed = 255;
constexpr std::string_view kNotNamedReason = "node(s) didn't satisfy plugin(s) [NodeAffinity]";
constexpr std::string_view kConflictReason = "pod affinity terms conflict";
// Dimensions from this one on share the last reason bit: nodes that set it may differ.
constexpr placement::Dimension kFirstSharedBit = 63;
constexpr std::uint64_t kAskAgain = std::uint64_t{1} << kFirstSharedBit;
// Pods that name at most so many nodes are decided without the cache: a daemon set's pods all
// differ.
constexpr std::size_t kFewNames = 64;

}  // namespace

ProfileRunner::ProfileRunner(const Profile& profile, ClusterCache& cache, std::size_t max_shapes,
                             bool verify)
    : profile_(profile),
      cache_(cache),
      shapes_([this](Shape& shape) { prepare(shape); },
              [this](ShapeId id) { verdicts_->forget(id); }) {
  for (const std::string& name : profile_.filters) {
    if (const auto id = findPlugin(name)) enabled_ |= bitOf(*id);
    auto filter = makeFilter(name);
    if (filter == nullptr) continue;
    uses_node_names_ |= name == "NodeAffinity";
    filter_ids_.push_back(pluginId(name));
    filter_names_.push_back(name);
    filters_.push_back(std::move(filter));
  }
  STOWAGE_CHECK(filters_.size() < 32, "more filters than bits for them");
  std::vector<placement::ScoreColumn> columns;
  for (const Profile::Score& score : profile_.scores) {
    if (const auto id = findPlugin(score.name)) enabled_ |= bitOf(*id);
    auto plugin = makeScore(score.name, profile_, cache_);
    if (plugin == nullptr || score.weight == 0) continue;
    placement::ScoreColumn column;
    column.normalise = plugin->normalise();
    column.weight = score.weight;
    column.raw_breaks_ties = plugin->rawBreaksTies();
    columns.push_back(column);
    score_names_.push_back(score.name);
    scores_.push_back(std::move(plugin));
  }
  evaluations_.filters.resize(filters_.size());
  evaluations_.scores.resize(scores_.size());
  placement::NodeRules& rules = *this;
  verdicts_ = std::make_unique<placement::ShapeCache>(cache_.state(), rules, std::move(columns),
                                                      max_shapes);
  verdicts_->setVerify(verify);
}

ProfileRunner::~ProfileRunner() = default;

void ProfileRunner::prepare(Shape& shape) {
  DimensionTable& table = cache_.dimensions();
  const ShapeSpec& spec = shape.spec;
  auto demand = std::make_shared<const PodDemand>(table, spec.amounts, spec.non_zero_cpu,
                                                  spec.non_zero_memory);
  kubeapi::ResourceAmounts counted = spec.amounts;
  const auto ignored = [&](const Symbol& name) {
    if (!kubeapi::isExtendedResource(name.view())) return false;
    const auto& names = profile_.ignored_resources;
    if (std::find(names.begin(), names.end(), name.view()) != names.end()) return true;
    const std::string_view group = name.view().substr(0, name.view().find('/'));
    const auto& groups = profile_.ignored_resource_groups;
    return std::find(groups.begin(), groups.end(), group) != groups.end();
  };
  const auto left_out =
      std::erase_if(counted, [&](const auto& amount) { return ignored(amount.first); });
  shape.demand = demand;
  shape.fit_demand = left_out == 0 ? demand
                                   : std::make_shared<const PodDemand>(
                                         table, counted, spec.non_zero_cpu, spec.non_zero_memory);
  shape.active_filters = 0;
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    if (filters_[i]->applies(shape)) shape.active_filters |= 1U << i;
  }
}

void ProfileRunner::resourceAppeared() {
  shapes_.prepareAgain([](const Shape& shape) { return !shape.demand->absent().empty(); });
}

bool ProfileRunner::namesNodes(const Shape& shape) const {
  return uses_node_names_ && shape.required_nodes.nodeNames().has_value();
}

Verdict ProfileRunner::check(ShapeId id, NodeIndex node) {
  const Shape& shape = shapes_.at(id);
  const NodeInfo& info = cache_.nodeAt(node);
  if (namesNodes(shape) && !shape.required_nodes.nodeNames()->contains(info.name)) {
    return {.reasons = 0, .rule = kNotNamed, .fit = Fit::kUnresolvable};
  }
  const NodeView view = cache_.view(info);
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    if ((shape.active_filters >> i & 1) == 0) continue;
    ++evaluations_.filters[i];
    const Verdict verdict = filters_[i]->check(shape, view, static_cast<std::uint8_t>(i));
    if (verdict.fit != Fit::kFits) return verdict;
  }
  return {};
}

void ProfileRunner::score(ShapeId id, NodeIndex node, std::span<std::int64_t> raw) {
  const Shape& shape = shapes_.at(id);
  const NodeView view = cache_.view(cache_.nodeAt(node));
  for (std::size_t i = 0; i < scores_.size(); ++i) {
    raw[i] = 0;
    if (!scores_[i]->applies(shape)) continue;
    ++evaluations_.scores[i];
    raw[i] = scores_[i]->score(shape, view);
  }
}

Choice ProfileRunner::decideAmongNamed(ShapeId id, const Shape& shape, bool& several) {
  Choice choice;
  for (const Symbol& name : *shape.required_nodes.nodeNames()) {
    const NodeIndex node = cache_.state().findNode(name);
    if (node == kNoNode) continue;
    ++choice.evaluated;
    if (check(id, node).fit != Fit::kFits) continue;
    choice.node = node;
    ++choice.feasible;
  }
  several = choice.feasible > 1;
  return choice;
}

void ProfileRunner::arrived(ShapeId id) {
  for (const auto& score : scores_) score->arrived(shapes_.at(id));
}

Choice ProfileRunner::decide(ShapeId id) {
  bool renewed = false;
  for (const auto& score : scores_) renewed |= score->renewed();
  if (renewed) verdicts_->forgetScores();
  const Shape& shape = shapes_.at(id);
  if (namesNodes(shape) && shape.required_nodes.nodeNames()->size() <= kFewNames) {
    bool several = false;
    const Choice choice = decideAmongNamed(id, shape, several);
    if (!several) return choice;
  }
  return verdicts_->choose(id);
}

void ProfileRunner::countReasons(const Shape& shape, NodeIndex node, const Verdict& verdict,
                                 std::size_t times, ReasonCounts& counts) const {
  if (verdict.rule == kNotNamed) {
    counts[std::string(kNotNamedReason)] += times;
    return;
  }
  std::vector<std::string> reasons;
  filters_[verdict.rule]->reasons(shape, cache_.view(cache_.nodeAt(node)), verdict, reasons);
  for (std::string& reason : reasons) counts[std::move(reason)] += times;
}

ProfileRunner::Explanation ProfileRunner::explainNamed(ShapeId id, const Shape& shape) {
  Explanation explanation;
  explanation.rejectors = bitOf(pluginId("NodeAffinity"));
  const std::size_t nodes = cache_.nodeCount();
  if (shape.required_nodes.conflicting()) {
    explanation.message = fitErrorMessage(nodes, kConflictReason);
    return explanation;
  }
  ReasonCounts counts;
  std::size_t named = 0;
  for (const Symbol& name : *shape.required_nodes.nodeNames()) {
    const NodeIndex node = cache_.state().findNode(name);
    if (node == kNoNode) continue;
    ++named;
    const Verdict verdict = check(id, node);
    if (verdict.fit == Fit::kFits) continue;
    explanation.rejectors |= bitOf(filter_ids_[verdict.rule]);
    countReasons(shape, node, verdict, 1, counts);
  }
  if (named < nodes) counts[std::string(kNotNamedReason)] += nodes - named;
  explanation.message = fitErrorMessage(nodes, counts);
  return explanation;
}

ProfileRunner::Explanation ProfileRunner::explain(ShapeId id) {
  const Shape& shape = shapes_.at(id);
  if (namesNodes(shape)) return explainNamed(id, shape);
  // Nodes that fail alike are worded once.
  struct Alike {
    NodeIndex example = kNoNode;
    std::size_t count = 0;
  };
  std::vector<std::unordered_map<std::uint64_t, Alike>> alike(filters_.size());
  const auto& amounts = shape.fit_demand->amounts().amounts;
  const bool each_differs = !amounts.empty() && amounts.back().dim >= kFirstSharedBit;
  ReasonCounts counts;
  Explanation explanation;
  const std::span<const Verdict> verdicts = verdicts_->verdicts(id);
  for (NodeIndex node = 0; node < verdicts.size(); ++node) {
    const Verdict& verdict = verdicts[node];
    if (verdict.fit == Fit::kFits || !cache_.state().present(node)) continue;
    if (each_differs && (verdict.reasons & kAskAgain) != 0) {
      countReasons(shape, node, verdict, 1, counts);
      explanation.rejectors |= bitOf(filter_ids_[verdict.rule]);
      continue;
    }
    Alike& group = alike[verdict.rule][verdict.reasons];
    group.example = node;
    ++group.count;
  }
  for (std::size_t rule = 0; rule < alike.size(); ++rule) {
    for (const auto& [reasons, group] : alike[rule]) {
      const Verdict verdict{
          .reasons = reasons, .rule = static_cast<std::uint8_t>(rule), .fit = Fit::kUnschedulable};
      countReasons(shape, group.example, verdict, group.count, counts);
      explanation.rejectors |= bitOf(filter_ids_[rule]);
    }
  }
  explanation.message = fitErrorMessage(cache_.nodeCount(), counts);
  return explanation;
}

PluginSet ProfileRunner::wakers(ShapeId id, const ClusterEvent& event) const {
  const Shape& shape = shapes_.at(id);
  PluginSet set = 0;
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    if ((filters_[i]->events() & event.kinds) == 0) continue;
    if (filters_[i]->wakes(shape, event)) set |= bitOf(filter_ids_[i]);
  }
  return set;
}

}  // namespace stowage::scheduling
