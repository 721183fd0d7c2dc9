// PeerRules: the peer filters and peer scores of one profile, prepared for one attempt at a time.
// Single-threaded; owned by ProfileRunner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "placement/cluster_state.h"
#include "placement/verdict.h"
#include "scheduling/cycle/attempt.h"
#include "scheduling/cycle/decision_watch.h"
#include "scheduling/cycle/inspection.h"
#include "scheduling/plugins/peer_plugin.h"
#include "scheduling/plugins/registry.h"

namespace stowage::scheduling {

// Rule of nodes that are not looked at because the pod names its nodes: no filter is asked there.
inline constexpr std::uint8_t kNotNamedRule = 255;

class PeerRules {
 public:
  // `rule`: position of the filter in the profile, which orders it among all filters.
  void addFilter(std::unique_ptr<PeerFilter> filter, std::uint8_t rule, PluginId id);
  // `counter`: position of the score among the profile's names of scores.
  void addScore(std::unique_ptr<PeerScore> score, std::int64_t weight, std::size_t counter);

  // Gets filters and scores ready for the attempt. True when any of them has something to say.
  bool prepare(const Attempt& attempt, const Shape& shape);
  // Only the filters.
  bool prepareFilters(const Attempt& attempt, const Shape& shape);

  // What the prepared filters make of a node whose node-local verdict is `local`: the first rule
  // that says no wins.
  [[nodiscard]] placement::Verdict combined(const placement::Verdict& local,
                                            placement::NodeIndex node,
                                            std::span<std::uint64_t> evaluations) const;
  // Drops the nodes that a prepared filter rejects.
  void keepFeasible(std::vector<placement::NodeIndex>& nodes, std::span<std::uint64_t> evaluations,
                    DecisionWatch& watch) const;
  // Replaces `sums` by the weighted normalised sums of the prepared scores; empty when there are
  // none.
  void score(std::span<const placement::NodeIndex> nodes, std::vector<std::int64_t>& sums,
             std::span<std::uint64_t> evaluations, DecisionWatch& watch);

  // Appends what the prepared scores say of feasible nodes.
  void inspectScores(std::span<const placement::NodeIndex> nodes,
                     std::vector<ScoreFinding>& findings);

  // The filter behind a rule; nullptr when that rule is node-local.
  [[nodiscard]] const PeerFilter* filterOf(std::uint8_t rule) const;
  [[nodiscard]] PluginSet wakers(const kubeapi::Pod& pod, const ClusterEvent& event) const;
  [[nodiscard]] PluginSet filters() const;

 private:
  struct Filter {
    std::unique_ptr<PeerFilter> plugin;
    std::uint8_t rule = 0;
    PluginId id = 0;
    bool active = false;
  };
  struct Score {
    std::unique_ptr<PeerScore> plugin;
    std::int64_t weight = 1;
    std::size_t counter = 0;
    bool active = false;
  };
  std::vector<Filter> filters_;  // ascending rules
  std::vector<Score> scores_;
  std::vector<std::int64_t> raw_;  // scratch
};

}  // namespace stowage::scheduling
