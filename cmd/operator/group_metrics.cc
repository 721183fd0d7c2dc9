#include "cmd/operator/group_metrics.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "kubeapi/pod.h"

namespace stowage::operator_cmd {

using kubeapi::StatefulGroup;
using serving::GaugeFamily;

namespace {

constexpr std::array<const char*, 4> kConditions = {"Ready", "Available", "Progressing",
                                                    "Degraded"};
// A rollout does not come to its end, which no status of Progressing tells.
constexpr std::array<std::string_view, 2> kStuck = {"ProgressDeadlineExceeded", "RolledBack"};

enum Family : std::size_t {
  kShards,
  kQuorate,
  kReplicas,
  kHeadroom,
  kCondition,
  kRolloutStuck,
  kBudgetsOff,
  kUnhealthy,
};

const std::vector<base::MetricFamily>& families() {
  using base::MetricType;
  static const std::vector<base::MetricFamily> kFamilies = {
      {MetricType::kGauge,
       "stowage_group_shards",
       "Shards that the group wants.",
       {"group", "namespace"},
       {}},
      {MetricType::kGauge,
       "stowage_group_quorate_shards",
       "Shards that hold their quorum.",
       {"group", "namespace"},
       {}},
      {MetricType::kGauge,
       "stowage_group_replicas",
       "Replicas of all shards of the group, by state: desired, ready, available, updated.",
       {"group", "namespace", "state"},
       {}},
      {MetricType::kGauge,
       "stowage_shard_headroom_min",
       "Available members above those that must stay, in the shard that has fewest of them. Below "
       "zero: a shard has lost its quorum. None for a group that is hibernated or being deleted.",
       {"group", "namespace"},
       {}},
      {MetricType::kGauge,
       "stowage_group_condition",
       "1 while the condition of the group is True.",
       {"group", "namespace", "type"},
       {}},
      {MetricType::kGauge,
       "stowage_group_rollout_stuck",
       "1 while the rollout of the group does not come to its end, or was taken back.",
       {"group", "namespace"},
       {}},
      {MetricType::kGauge,
       "stowage_group_budgets_off",
       "1 while the disruption budgets of the group are not in force, or another one is in the "
       "way.",
       {"group", "namespace"},
       {}},
      {MetricType::kGauge,
       "stowage_group_unhealthy_replicas",
       "Replicas of the group that are not as they should be.",
       {"group", "namespace"},
       {}},
  };
  return kFamilies;
}

base::MetricLabels labelsOf(const StatefulGroup& group) {
  return {{"namespace", group.meta.ns.str()}, {"group", group.meta.name.str()}};
}

base::MetricLabels with(base::MetricLabels labels, const char* name, const char* value) {
  labels.emplace_back(name, value);
  return labels;
}

// None for a group whose pods are meant to be gone: nobody is to be called at night for it.
std::optional<int> headroom(const StatefulGroup& group) {
  if (group.spec.run_policy == kubeapi::group::RunPolicy::kHibernated || group.meta.deletion_time)
    return std::nullopt;
  std::optional<int> least;
  for (const auto& shard : group.status.shards)
    least = std::min(least.value_or(std::numeric_limits<int>::max()),
                     shard.available - shard.min_healthy);
  // Learners are available and hold no quorum.
  const int told = static_cast<int>(group.status.shards.size());
  if (least && group.status.quorate_shards < std::min(group.spec.shards, told))
    least = std::min(*least, -1);
  return least;
}

}  // namespace

const std::vector<base::MetricFamily>& groupMetricFamilies() { return families(); }

std::vector<GaugeFamily> groupMetrics(const std::vector<kubeapi::StatefulGroupPtr>& groups) {
  std::vector<GaugeFamily> out;
  for (const auto& family : families()) out.push_back({family.name, family.help, {}});
  for (const auto& group : groups) {
    const base::MetricLabels labels = labelsOf(*group);
    const auto& status = group->status;
    out[kShards].series.emplace_back(labels, group->spec.shards);
    out[kQuorate].series.emplace_back(labels, status.quorate_shards);
    const int desired = group->spec.shards * group->spec.replicas;
    for (const auto& [state, count] : std::initializer_list<std::pair<const char*, int>>{
             {"desired", desired},
             {"ready", status.ready_replicas},
             {"available", status.available_replicas},
             {"updated", status.updated_replicas}})
      out[kReplicas].series.emplace_back(with(labels, "state", state), count);
    if (const auto least = headroom(*group)) out[kHeadroom].series.emplace_back(labels, *least);
    for (const char* type : kConditions) {
      const kubeapi::Condition* condition = kubeapi::findCondition(status.conditions, type);
      if (condition != nullptr)
        out[kCondition].series.emplace_back(with(labels, "type", type),
                                            condition->status == "True" ? 1 : 0);
    }
    const kubeapi::Condition* progressing =
        kubeapi::findCondition(status.conditions, "Progressing");
    const bool stuck = progressing != nullptr &&
                       std::find(kStuck.begin(), kStuck.end(), progressing->reason) != kStuck.end();
    out[kRolloutStuck].series.emplace_back(labels, stuck ? 1 : 0);
    const kubeapi::Condition* budgets = kubeapi::findCondition(status.conditions, "BudgetsSynced");
    out[kBudgetsOff].series.emplace_back(labels,
                                         budgets != nullptr && budgets->status == "False" ? 1 : 0);
    out[kUnhealthy].series.emplace_back(labels, static_cast<int>(status.unhealthy_replicas.size()) +
                                                    status.unhealthy_replicas_omitted);
  }
  return out;
}

}  // namespace stowage::operator_cmd
