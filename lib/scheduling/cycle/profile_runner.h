// ProfileRunner: one profile at work: its filters and scores over the cluster, its shapes, its
// cache of verdicts. Single-threaded; refers to the ClusterCache, which outlives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "placement/shape_cache.h"
#include "scheduling/cache/cluster_cache.h"
#include "scheduling/cycle/fit_error.h"
#include "scheduling/plugins/plugin.h"
#include "scheduling/plugins/registry.h"
#include "scheduling/profile.h"
#include "scheduling/shapes/shape_table.h"

namespace stowage::scheduling {

class ProfileRunner final : private placement::NodeRules {
 public:
  ProfileRunner(const Profile& profile, ClusterCache& cache, std::size_t max_shapes, bool verify);
  ~ProfileRunner() override;
  ProfileRunner(const ProfileRunner&) = delete;
  ProfileRunner& operator=(const ProfileRunner&) = delete;

  [[nodiscard]] const std::string& schedulerName() const { return profile_.scheduler_name; }
  [[nodiscard]] PluginSet enabled() const { return enabled_; }
  ShapeTable& shapes() { return shapes_; }

  // A pod of this shape is tried for the first time.
  void arrived(ShapeId shape);
  // The best feasible node for the shape; node is kNoNode when there is none.
  placement::Choice decide(ShapeId shape);
  // Why decide() found none. `nodes` is the number of nodes in the cluster, above zero.
  struct Explanation {
    std::string message;
    PluginSet rejectors = 0;
  };
  Explanation explain(ShapeId shape);
  // The filters that say the event may help a pod of this shape that they rejected.
  PluginSet wakers(ShapeId shape, const ClusterEvent& event) const;
  // A resource name appeared: shapes that asked for it in vain are prepared anew.
  void resourceAppeared();

  // How often each plugin was asked since the last call; names point into the registry.
  struct Evaluations {
    std::vector<std::uint64_t> filters;  // by position in filterNames()
    std::vector<std::uint64_t> scores;   // by position in scoreNames()
  };
  Evaluations& evaluations() { return evaluations_; }
  [[nodiscard]] const std::vector<std::string>& filterNames() const { return filter_names_; }
  [[nodiscard]] const std::vector<std::string>& scoreNames() const { return score_names_; }

 private:
  placement::Verdict check(ShapeId shape, placement::NodeIndex node) override;
  void score(ShapeId shape, placement::NodeIndex node, std::span<std::int64_t> raw) override;

  void prepare(Shape& shape);
  [[nodiscard]] bool namesNodes(const Shape& shape) const;
  placement::Choice decideAmongNamed(ShapeId id, const Shape& shape, bool& several);
  void countReasons(const Shape& shape, placement::NodeIndex node,
                    const placement::Verdict& verdict, std::size_t times,
                    ReasonCounts& counts) const;
  Explanation explainNamed(ShapeId id, const Shape& shape);

  const Profile profile_;
  ClusterCache& cache_;
  std::vector<std::unique_ptr<FilterPlugin>> filters_;
  std::vector<PluginId> filter_ids_;
  std::vector<std::unique_ptr<ScorePlugin>> scores_;
  std::vector<std::string> filter_names_;
  std::vector<std::string> score_names_;
  PluginSet enabled_ = 0;
  bool uses_node_names_ = false;  // NodeAffinity is among the filters
  Evaluations evaluations_;
  // Before shapes_: releasing a shape tells the cache.
  std::unique_ptr<placement::ShapeCache> verdicts_;
  ShapeTable shapes_;
};

}  // namespace stowage::scheduling
