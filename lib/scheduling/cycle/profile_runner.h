// ProfileRunner: one profile at work: its filters and scores over the cluster, its shapes, its
// cache of verdicts. Single-threaded; refers to the ClusterCache, which outlives it.
// Filters come in two tiers. Node-local ones depend on the shape and one node; their verdicts are
// cached. Peer filters depend on pods of other nodes and are asked anew for every decision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "placement/shape_cache.h"
#include "scheduling/cache/cluster_cache.h"
#include "scheduling/cycle/attempt.h"
#include "scheduling/cycle/decision_watch.h"
#include "scheduling/cycle/fit_error.h"
#include "scheduling/cycle/hint_observer.h"
#include "scheduling/cycle/inspection.h"
#include "scheduling/cycle/node_verdict.h"
#include "scheduling/cycle/peer_rules.h"
#include "scheduling/plugins/plugin.h"
#include "scheduling/plugins/registry.h"
#include "scheduling/profile.h"
#include "scheduling/shapes/shape_table.h"

namespace stowage::scheduling {

class ProfileRunner final : private placement::NodeRules {
 public:
  // `clock` measures decisions; null: nothing is measured.
  ProfileRunner(const Profile& profile, ClusterCache& cache, std::size_t max_shapes, bool verify,
                const base::Clock* clock = nullptr);
  ~ProfileRunner() override;
  ProfileRunner(const ProfileRunner&) = delete;
  ProfileRunner& operator=(const ProfileRunner&) = delete;

  [[nodiscard]] const std::string& schedulerName() const { return profile_.scheduler_name; }
  [[nodiscard]] const Profile& profile() const { return profile_; }
  // Taken out of the configuration: what its pods still wait for is brought to an end, no new
  // attempt is made.
  void retire() { retired_ = true; }
  [[nodiscard]] bool retired() const { return retired_; }
  [[nodiscard]] PluginSet enabled() const { return enabled_; }
  ShapeTable& shapes() { return shapes_; }
  // The shape of a pod that comes, which counts one more user.
  ShapeId acquireShape(const kubeapi::Pod& pod);
  // VolumeBinding is enabled: volumes are bound before the pod is.
  [[nodiscard]] bool bindsVolumes() const;
  [[nodiscard]] base::Duration volumeBindTimeout() const { return profile_.volume_bind_timeout; }

  // Why no node took the pod.
  struct Explanation {
    std::string message;
    PluginSet rejectors = 0;
    bool unresolvable = false;  // rejected before any node was looked at: removing pods cannot help
    std::string reason;         // the message without the count of nodes, when there is but one
  };
  // Rejected before any node is looked at; nullopt: go on with decide().
  std::optional<Explanation> preFilter(const Attempt& attempt);
  // A pod of this shape is tried for the first time.
  void arrived(ShapeId shape);
  // The best feasible node; node is kNoNode when there is none. `withheld`, by ascending slot, are
  // kept from this pod whatever the filters say.
  placement::Choice decide(const Attempt& attempt, std::span<const NodeVerdict> withheld = {});
  // The feasible nodes, by ascending slot, without those withheld.
  std::vector<placement::NodeIndex> feasibleNodes(const Attempt& attempt,
                                                  std::span<const NodeVerdict> withheld);
  // Why decide() found none; withheld nodes for the reasons of their verdicts. The cluster has
  // nodes.
  Explanation explain(const Attempt& attempt, std::span<const NodeVerdict> withheld = {});
  // Counts the reasons behind a verdict of checkNow(), on the cluster as it was then.
  void addReasons(const Attempt& attempt, placement::NodeIndex node,
                  const placement::Verdict& verdict, ReasonCounts& counts, std::size_t times = 1);
  // The verdict that checkNow() would give if pods that hold `freed` left the node, whose verdict
  // is `now`. Known without a trial only where room is what is lacking, before and after; else
  // nullopt.
  std::optional<placement::Verdict> stillTooSmall(const Attempt& attempt, const NodeVerdict& now,
                                                  std::span<const placement::Amount> freed);
  // The verdict of all filters for one node on the cluster as it is now, past the cache: for
  // what-if questions (trial.h).
  placement::Verdict checkNow(const Attempt& attempt, placement::NodeIndex node);
  // The nodes whose verdict is kUnschedulable: those on which removing pods may help.
  std::vector<NodeVerdict> resolvableNodes(const Attempt& attempt);
  // The node-local filters that say the event may help a waiting pod of this shape that they
  // rejected.
  // `observer` may be null; it hears of every hint that was asked.
  PluginSet shapeWakers(ShapeId shape, const ClusterEvent& event,
                        HintObserver* observer = nullptr) const;
  // The peer filters that say so of this pod.
  PluginSet peerWakers(const kubeapi::Pod& pod, const ClusterEvent& event) const {
    return peers_.wakers(pod, event);
  }
  // All peer filters.
  [[nodiscard]] PluginSet peerFilters() const { return peers_.filters(); }
  // Everything about the pod, for tests and for people; see inspection.h.
  PodInspection inspect(const Attempt& attempt, std::span<const NodeVerdict> withheld = {});
  // A resource name appeared: shapes that asked for it in vain are prepared anew.
  void resourceAppeared();

  // How often each plugin was asked since the last call; names point into the registry.
  struct Evaluations {
    std::vector<std::uint64_t> filters;  // by position in filterNames()
    std::vector<std::uint64_t> scores;   // by position in scoreNames()
  };
  Evaluations& evaluations() { return evaluations_; }
  // The decision that preFilter() began ends without decide(): its node was known beforehand.
  void decidedBeforehand() { watch_.end(); }
  // Where the time of the last decision went.
  [[nodiscard]] const DecisionWatch& watch() const { return watch_; }
  [[nodiscard]] const std::vector<std::string>& filterNames() const { return filter_names_; }
  [[nodiscard]] const std::vector<std::string>& scoreNames() const { return score_names_; }

 private:
  struct LocalFilter {
    std::unique_ptr<FilterPlugin> plugin;  // null: this rule is a peer filter
    PluginId id = 0;
  };

  placement::Verdict check(ShapeId shape, placement::NodeIndex node) override;
  void checked() override { watch_.enter(DecisionWatch::Phase::kScore); }
  void score(ShapeId shape, placement::NodeIndex node, std::span<std::int64_t> raw) override;
  placement::Choice choose(const Attempt& attempt, std::span<const NodeVerdict> withheld);

  void addFilters(ClusterCache& cache);
  std::vector<placement::ScoreColumn> addScores(ClusterCache& cache);
  void prepare(Shape& shape);
  void forgetIfStale(ShapeId id);
  void forgetScoresIfStale(ShapeId id);
  [[nodiscard]] bool namesNodes(const Shape& shape) const;
  placement::Choice decideAmongNamed(ShapeId id, const Shape& shape,
                                     std::span<const NodeVerdict> withheld, bool& several);
  placement::Choice decideAmongAll(const Attempt& attempt, std::span<const NodeVerdict> withheld);
  void keepCandidates(const Attempt& attempt, std::span<const NodeVerdict> withheld);
  void addAdvice(const Attempt& attempt);
  void countReasons(const Shape& shape, placement::NodeIndex node,
                    const placement::Verdict& verdict, std::size_t times, ReasonCounts& counts);
  Explanation explainNamed(const Attempt& attempt, const Shape& shape,
                           std::span<const NodeVerdict> withheld);
  NodeFinding findingOf(const Shape& shape, placement::NodeIndex node,
                        const placement::Verdict& verdict);
  std::vector<ScoreFinding> localScores(ShapeId id,
                                        const std::vector<placement::NodeIndex>& feasible);

  const Profile profile_;
  ClusterCache& cache_;
  std::vector<LocalFilter> filters_;  // by rule, i.e. position in the profile
  std::vector<std::unique_ptr<ScorePlugin>> scores_;
  PeerRules peers_;
  std::vector<std::string> filter_names_;
  std::vector<std::string> score_names_;  // local scores, then peer scores
  PluginSet enabled_ = 0;
  bool retired_ = false;
  bool uses_node_names_ = false;  // NodeAffinity is among the filters
  // The rule of NodeResourcesFit, when no filter before it can come to say no because pods leave.
  std::optional<std::uint8_t> plain_fit_rule_;
  Evaluations evaluations_;
  const base::Clock* clock_;
  DecisionWatch watch_;
  std::unordered_map<ShapeId, std::uint64_t> epochs_;        // of shapes whose filters have one
  std::unordered_map<ShapeId, std::uint64_t> score_epochs_;  // of shapes whose scores have one
  std::vector<placement::NodeIndex> candidates_;             // scratch
  std::vector<std::int64_t> extra_;                          // scratch
  // Before shapes_: releasing a shape tells the cache.
  std::unique_ptr<placement::ShapeCache> verdicts_;
  ShapeTable shapes_;
};

}  // namespace stowage::scheduling
