#include "scheduling/cycle/profile_runner.h"

#include <algorithm>

#include "base/check.h"
#include "scheduling/cycle/fit_error.h"
#include "scheduling/hashing.h"
#include "scheduling/plugins/peer_factory.h"
#include "scheduling/plugins/score_factory.h"

namespace stowage::scheduling {
namespace {

using placement::Choice;
using placement::Fit;
using placement::kNoNode;
using placement::NodeIndex;
using placement::Verdict;

// Pods that name at most so many nodes are decided without the cache: a daemon set's pods all
// differ.
constexpr std::size_t kFewNames = 64;

}  // namespace

ProfileRunner::ProfileRunner(const Profile& profile, ClusterCache& cache, std::size_t max_shapes,
                             bool verify, const base::Clock* clock)
    : profile_(profile),
      cache_(cache),
      clock_(clock),
      watch_(clock, 0, 0),
      shapes_([this](Shape& shape) { prepare(shape); },
              [this](ShapeId id) {
                verdicts_->forget(id);
                epochs_.erase(id);
                score_epochs_.erase(id);
              }) {
  addFilters(cache);
  placement::NodeRules& rules = *this;
  verdicts_ =
      std::make_unique<placement::ShapeCache>(cache_.state(), rules, addScores(cache), max_shapes);
  verdicts_->setVerify(verify);
  evaluations_.filters.resize(filters_.size());
  evaluations_.scores.resize(score_names_.size());
  watch_ = DecisionWatch(clock, filters_.size(), score_names_.size());
}

void ProfileRunner::addFilters(ClusterCache& cache) {
  // These look at nothing that a pod takes with it, or say no to fewer pods when it leaves.
  static constexpr std::string_view kSteady[] = {"NodeUnschedulable", "NodeName", "TaintToleration",
                                                 "NodeAffinity", "NodePorts"};
  bool steady = true;  // all filters so far are
  for (const std::string& name : profile_.filters) {
    const auto id = findPlugin(name);
    if (!id) continue;
    enabled_ |= bitOf(*id);
    auto local = makeFilter(name, profile_, cache);
    auto peer = local == nullptr ? makePeerFilter(name, profile_, cache) : nullptr;
    if (local == nullptr && peer == nullptr) continue;
    uses_node_names_ |= name == "NodeAffinity";
    if (name == "NodeResourcesFit" && steady) {
      plain_fit_rule_ = static_cast<std::uint8_t>(filters_.size());
    }
    steady = steady && std::find(std::begin(kSteady), std::end(kSteady), name) != std::end(kSteady);
    if (peer != nullptr) {
      peers_.addFilter(std::move(peer), static_cast<std::uint8_t>(filters_.size()), *id);
    }
    filters_.push_back({std::move(local), *id});
    filter_names_.push_back(name);
  }
  STOWAGE_CHECK(filters_.size() < 32, "more filters than bits for them");
}

std::vector<placement::ScoreColumn> ProfileRunner::addScores(ClusterCache& cache) {
  std::vector<placement::ScoreColumn> columns;
  for (const Profile::Score& score : profile_.scores) {
    if (const auto id = findPlugin(score.name)) enabled_ |= bitOf(*id);
    auto plugin = makeScore(score.name, profile_, cache);
    if (plugin == nullptr || score.weight == 0) continue;
    placement::ScoreColumn column;
    column.normalise = plugin->normalise();
    column.weight = score.weight;
    column.raw_breaks_ties = plugin->rawBreaksTies();
    columns.push_back(column);
    score_names_.push_back(score.name);
    scores_.push_back(std::move(plugin));
  }
  for (const Profile::Score& score : profile_.scores) {
    auto peer = score.weight == 0 ? nullptr : makePeerScore(score.name, profile_, cache);
    if (peer == nullptr) continue;
    peers_.addScore(std::move(peer), score.weight, score_names_.size());
    score_names_.push_back(score.name);
  }
  return columns;
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
  shape.score_demand = demand;
  if (const auto& level = spec.container_level) {
    shape.score_demand = std::make_shared<const PodDemand>(
        table, level->amounts, level->non_zero_cpu, level->non_zero_memory);
  }
  shape.active_filters = 0;
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    const FilterPlugin* local = filters_[i].plugin.get();
    if (local != nullptr && local->applies(shape)) shape.active_filters |= 1U << i;
  }
}

void ProfileRunner::resourceAppeared() {
  shapes_.prepareAgain([](const Shape& shape) {
    return !shape.demand->absent().empty() || !shape.score_demand->absent().empty();
  });
}

ShapeId ProfileRunner::acquireShape(const kubeapi::Pod& pod) {
  static const PluginSet by_images = bitOf(pluginId("ImageLocality"));
  return shapes_.acquire(shapeSpecOf(pod, (enabled_ & by_images) != 0));
}

bool ProfileRunner::bindsVolumes() const {
  static const PluginSet binding = bitOf(pluginId("VolumeBinding"));
  return (enabled_ & binding) != 0;
}

bool ProfileRunner::namesNodes(const Shape& shape) const {
  return uses_node_names_ && shape.required_nodes.nodeNames().has_value();
}

Verdict ProfileRunner::check(ShapeId id, NodeIndex node) {
  const Shape& shape = shapes_.at(id);
  const NodeInfo& info = cache_.nodeAt(node);
  if (namesNodes(shape) && !shape.required_nodes.nodeNames()->contains(info.name)) {
    return {.reasons = 0, .rule = kNotNamedRule, .fit = Fit::kUnresolvable};
  }
  const NodeView view = cache_.view(info);
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    if ((shape.active_filters >> i & 1) == 0) continue;
    ++evaluations_.filters[i];
    const Verdict verdict = watch_.filter(
        i, [&] { return filters_[i].plugin->check(shape, view, static_cast<std::uint8_t>(i)); });
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
    watch_.score(i, [&] { raw[i] = scores_[i]->score(shape, view); });
  }
}

// Verdicts that read objects beside nodes are void when those changed.
void ProfileRunner::forgetIfStale(ShapeId id) {
  const Shape& shape = shapes_.at(id);
  std::uint64_t epoch = 0;
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    if ((shape.active_filters >> i & 1) != 0) epoch += filters_[i].plugin->epoch(shape);
  }
  if (epoch == 0) return;
  std::uint64_t& known = epochs_[id];
  if (known != epoch) verdicts_->forget(id);
  known = epoch;
}

// Likewise for scores; nodes' own changes are the cache's to see.
void ProfileRunner::forgetScoresIfStale(ShapeId id) {
  bool renewed = false;
  HashBuilder epochs;
  bool any = false;
  for (const auto& score : scores_) {
    renewed |= score->renewed();
    const std::uint64_t epoch = score->epoch(shapes_.at(id));
    if (epoch == 0) continue;
    any = true;
    epochs.add(epoch);
  }
  if (renewed) verdicts_->forgetScores();
  if (!any) return;
  const auto [known, is_new] = score_epochs_.try_emplace(id, epochs.value());
  if (is_new || known->second == epochs.value()) return;
  verdicts_->forgetScores(id);
  known->second = epochs.value();
}

void ProfileRunner::arrived(ShapeId id) {
  for (const auto& score : scores_) score->arrived(shapes_.at(id));
}

std::optional<ProfileRunner::Explanation> ProfileRunner::preFilter(const Attempt& attempt) {
  watch_.begin(DecisionWatch::Phase::kPreFilter);
  const Shape& shape = shapes_.at(attempt.shape);
  std::optional<Explanation> rejection;
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    if ((shape.active_filters >> i & 1) == 0) continue;
    const auto why = filters_[i].plugin->preFilter(attempt.pod, shape);
    if (!why) continue;
    // The last one is told, as upstream; an unresolvable one is the last.
    rejection = Explanation{fitErrorMessage(cache_.nodeCount(), why->message),
                            bitOf(filters_[i].id), why->unresolvable, why->message};
    if (why->unresolvable) break;
  }
  watch_.enter(DecisionWatch::Phase::kFilter);
  if (rejection) watch_.end();
  return rejection;
}

Choice ProfileRunner::decideAmongNamed(ShapeId id, const Shape& shape,
                                       std::span<const NodeVerdict> withheld, bool& several) {
  Choice choice;
  for (const Symbol& name : *shape.required_nodes.nodeNames()) {
    const NodeIndex node = cache_.state().findNode(name);
    if (node == kNoNode) continue;
    ++choice.evaluated;
    if (findNode(withheld, node) != nullptr) continue;
    if (peers_.combined(check(id, node), node, evaluations_.filters).fit != Fit::kFits) continue;
    choice.node = node;
    ++choice.feasible;
  }
  several = choice.feasible > 1;
  return choice;
}

void ProfileRunner::keepCandidates(const Attempt& attempt, std::span<const NodeVerdict> withheld) {
  verdicts_->feasible(attempt.shape, candidates_);
  watch_.enter(DecisionWatch::Phase::kFilter);
  std::erase_if(candidates_, [&](NodeIndex node) { return findNode(withheld, node) != nullptr; });
  peers_.keepFeasible(candidates_, evaluations_.filters, watch_);
}

std::vector<NodeIndex> ProfileRunner::feasibleNodes(const Attempt& attempt,
                                                    std::span<const NodeVerdict> withheld) {
  forgetIfStale(attempt.shape);
  peers_.prepareFilters(attempt, shapes_.at(attempt.shape));
  keepCandidates(attempt, withheld);
  return candidates_;
}

void ProfileRunner::addAdvice(const Attempt& attempt) {
  if (attempt.advice == nullptr) return;
  extra_.resize(candidates_.size(), 0);
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const auto score = attempt.advice->scores.find(candidates_[i]);
    if (score != attempt.advice->scores.end()) extra_[i] += score->second;
  }
}

Choice ProfileRunner::decideAmongAll(const Attempt& attempt,
                                     std::span<const NodeVerdict> withheld) {
  keepCandidates(attempt, withheld);
  watch_.enter(DecisionWatch::Phase::kScore);
  if (candidates_.size() > 1) {
    peers_.score(candidates_, extra_, evaluations_.scores, watch_);
    addAdvice(attempt);
  } else {
    extra_.clear();
  }
  return verdicts_->chooseAmong(attempt.shape, candidates_, extra_);
}

Choice ProfileRunner::decide(const Attempt& attempt, std::span<const NodeVerdict> withheld) {
  if (!watch_.running()) watch_.begin(DecisionWatch::Phase::kFilter);
  const Choice choice = choose(attempt, withheld);
  watch_.end();
  return choice;
}

Choice ProfileRunner::choose(const Attempt& attempt, std::span<const NodeVerdict> withheld) {
  const ShapeId id = attempt.shape;
  const Shape& shape = shapes_.at(id);
  forgetIfStale(id);
  forgetScoresIfStale(id);
  const bool peers = peers_.prepare(attempt, shape);
  if (namesNodes(shape) && shape.required_nodes.nodeNames()->size() <= kFewNames) {
    bool several = false;
    const Choice choice = decideAmongNamed(id, shape, withheld, several);
    if (!several) return choice;
  }
  const bool all = peers || !withheld.empty() || attempt.advice != nullptr;
  return all ? decideAmongAll(attempt, withheld) : verdicts_->choose(id);
}

Verdict ProfileRunner::checkNow(const Attempt& attempt, NodeIndex node) {
  peers_.prepareFilters(attempt, shapes_.at(attempt.shape));
  return peers_.combined(check(attempt.shape, node), node, evaluations_.filters);
}

}  // namespace stowage::scheduling
