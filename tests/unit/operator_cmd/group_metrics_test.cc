#include "cmd/operator/group_metrics.h"

#include <gmock/gmock.h>

namespace stowage::operator_cmd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(GroupMetrics, FollowGroupsThatComeAndGo) {
  auto group = std::make_shared<kubeapi::StatefulGroup>();
  group->meta.ns = "shop";
  group->meta.name = "db";
  group->spec.shards = 2;
  group->status.quorate_shards = 1;
  group->status.ready_replicas = 4;
  group->status.shards = {{}, {}};
  group->status.shards[0].available = 5;
  group->status.shards[0].min_healthy = 2;
  group->status.shards[1].available = 4;  // three of them learners
  group->status.shards[1].min_healthy = 2;
  group->status.unhealthy_replicas.resize(2);
  group->status.unhealthy_replicas_omitted = 5;
  group->status.conditions.push_back({"Available", "False", "QuorumLost", "", {}, 1});
  group->status.conditions.push_back({"BudgetsSynced", "False", "Conflict", "", {}, 1});
  group->status.conditions.push_back(
      {"Progressing", "False", "ProgressDeadlineExceeded", "", {}, 1});
  std::vector<kubeapi::StatefulGroupPtr> groups = {group};
  serving::MetricsRegistry registry("test");
  registry.collectGauges(groupMetricFamilies(), [&] { return groupMetrics(groups); });
  const std::string text = registry.render();
  EXPECT_THAT(text, HasSubstr("stowage_group_shards{group=\"db\",namespace=\"shop\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("stowage_shard_headroom_min{group=\"db\",namespace=\"shop\"} -1\n"));
  EXPECT_THAT(text, HasSubstr("state=\"desired\"} 6\n"));
  EXPECT_THAT(text,
              HasSubstr("stowage_group_unhealthy_replicas{group=\"db\",namespace=\"shop\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("type=\"Available\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("stowage_group_budgets_off{group=\"db\",namespace=\"shop\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("stowage_group_rollout_stuck{group=\"db\",namespace=\"shop\"} 1\n"));
  // Pods that are meant to be gone are missed by nobody.
  group->spec.run_policy = kubeapi::group::RunPolicy::kHibernated;
  EXPECT_THAT(registry.render(), Not(HasSubstr("stowage_shard_headroom_min{")));
  group->spec.run_policy = kubeapi::group::RunPolicy::kRunning;
  group->meta.deletion_time = base::WallTime{};
  EXPECT_THAT(registry.render(), Not(HasSubstr("stowage_shard_headroom_min{")));
  groups.clear();
  EXPECT_THAT(registry.render(), Not(HasSubstr("shop")));
}

}  // namespace
}  // namespace stowage::operator_cmd
