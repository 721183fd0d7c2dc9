// What a person who looks at a group is told by its events, on a real API server: each turn once.
#include <gmock/gmock.h>

#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class TellingsIt : public OperatorWorld {
 protected:
  std::vector<std::string> awaitEvents(const std::string& reason) {
    EXPECT_TRUE(waitFor([&] { return !eventsOf("db", reason).empty(); }, kPatience)) << reason;
    return eventsOf("db", reason);
  }
};

TEST_F(TellingsIt, ARolloutThatComesToNoEndAndTheWayBack) {
  createGroup("db", {{"shards", 2}});
  awaitRest("db");
  Json bad = imagePatch("example.test/db:2");
  bad["template"]["spec"]["nodeSelector"] = {{"nobody", "has-it"}};
  bad["updateStrategy"] = {{"rollingUpdate", {{"progressDeadlineSeconds", 2}}}};
  changeGroup("db", bad);
  await("db", "Progressing", "False/ProgressDeadlineExceeded");
  EXPECT_THAT(awaitEvents("RolloutStuck"),
              ElementsAre(HasSubstr("has not come back from its update within 2 s")));
  EXPECT_THAT(awaitEvents("RolloutHalted"),
              ElementsAre(HasSubstr("5 of 6 replicas stay at their revision")));
  const std::string token = metricsToken(cluster_, ns_);
  const std::string stuck = "stowage_group_rollout_stuck{group=\"db\",namespace=\"" + ns_ + "\"}";
  EXPECT_EQ(operator_->metric(stuck, token), 1);
  Json back = imagePatch("example.test/db:1");
  back["template"]["spec"]["nodeSelector"] = nullptr;
  changeGroup("db", back);
  awaitRest("db");
  EXPECT_TRUE(waitFor([&] { return operator_->metric(stuck, token) == 0; }, 10s));
  EXPECT_THAT(eventsOf("db", "RolloutStuck"), SizeIs(1));
  EXPECT_GT(
      operator_->metric(R"(stowage_operations_total{operation="heal",result="success"})", token),
      0);
}

TEST_F(TellingsIt, ABudgetInTheWayAQuorumThatIsLostAndBack) {
  createGroup("db", Json::object());
  awaitRest("db");
  createAll(cluster_, {{{"apiVersion", "policy/v1"},
                        {"kind", "PodDisruptionBudget"},
                        {"metadata", {{"name", "mine"}, {"namespace", ns_}}},
                        {"spec",
                         {{"maxUnavailable", 1},
                          {"selector", {{"matchLabels", {{"stowage.dev/group", "db"}}}}}}}}});
  EXPECT_THAT(awaitEvents("BudgetConflict"), ElementsAre(HasSubstr("budget mine selects pods")));
  ASSERT_EQ(cluster_.kubectl({"delete", "pdb", "mine", "-n", ns_}).exit_code, 0);
  await("db", "BudgetsSynced", "True/Synced");
  setReady("db-0-0", false);
  setReady("db-0-1", false);
  await("db", "Ready", "False/QuorumLost");
  EXPECT_THAT(awaitEvents("QuorumLost"), ElementsAre(HasSubstr("shards below their floor: 0")));
  const std::string token = metricsToken(cluster_, ns_);
  EXPECT_EQ(operator_->metric("stowage_shard_headroom_min{group=\"db\",namespace=\"" + ns_ + "\"}",
                              token),
            -1);
  setReady("db-0-0", true);
  setReady("db-0-1", true);
  EXPECT_THAT(awaitEvents("QuorumRegained"), SizeIs(1));
  // As kubectl shows them.
  const CommandResult described = cluster_.kubectl({"describe", "sfg", "db", "-n", ns_});
  EXPECT_THAT(described.output, HasSubstr("QuorumLost"));
}

}  // namespace
}  // namespace stowage::testing
