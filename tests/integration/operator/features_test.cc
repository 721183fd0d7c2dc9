// Features whose stories are told nowhere else, on a real API server.
#include <gmock/gmock.h>

#include "integration/operator/operator_world.h"

namespace stowage::testing {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using namespace std::chrono_literals;

class FeaturesIt : public OperatorWorld {
 protected:
  Json budget(const std::string& name) {
    return getObject(cluster_, {"pdb", name, "-n", ns_, "--ignore-not-found"});
  }
  std::string imageOf(const std::string& pod) {
    return pods("db").at(pod)["spec"]["containers"][0]["image"];
  }
};

TEST_F(FeaturesIt, ShardsComeAreUpdatedTwoAtATimeAndGoWithConsentOnly) {
  createGroup("db", {{"shards", 2}});
  awaitRest("db");
  changeGroup("db", {{"shards", 4}});
  awaitRest("db");
  EXPECT_THAT(pods("db"), SizeIs(12));
  EXPECT_THAT(namesOf("poddisruptionbudgets", "db"), ElementsAre("db-0", "db-1", "db-2", "db-3"));
  Json next = imagePatch("example.test/db:2");
  next["updateStrategy"] = {{"rollingUpdate", {{"maxUnavailableShards", "50%"}}}};
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", next);
  awaitRest("db");
  EXPECT_THAT(removals(mark), SizeIs(12));
  const auto refused = patch(pathOf(kGroups, "db"), {{"spec", {{"shards", 2}}}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("fewer shards would give up their data"));
  changeGroup("db", {{"shards", 2}, {"shardScaleInPolicy", "Allow"}});
  await("db", "Ready", "True/AllReady");
  EXPECT_THAT(namesOf("pods", "db"), Each(Not(StartsWith("db-2"))));
  EXPECT_THAT(pods("db"), SizeIs(6));
  EXPECT_TRUE(waitFor([&] { return namesOf("poddisruptionbudgets", "db").size() == 2; }, 30s));
  EXPECT_TRUE(waitFor([&] { return namesOf("services", "db").size() == 2; }, 30s));
}

TEST_F(FeaturesIt, AFailedRolloutGoesBackWhereTheSpecWantsIt) {
  createGroup("db", Json::object());
  awaitRest("db");
  const auto before = uids("db");
  Json bad = imagePatch("example.test/db:2");
  bad["template"]["spec"]["nodeSelector"] = {{"nobody", "has-it"}};
  bad["updateStrategy"] = {
      {"rollingUpdate", {{"progressDeadlineSeconds", 2}, {"onFailure", "Rollback"}}}};
  changeGroup("db", bad);
  await("db", "Progressing", "False/RolledBack");
  EXPECT_TRUE(
      waitFor([&] { return pods("db").size() == 3 && imageOf("db-0-2") == "example.test/db:1"; },
              kPatience));
  EXPECT_TRUE(waitFor([&] { return eventsOf("db", "RolloutRolledBack").size() == 1; }, kPatience));
  await("db", "Available", "True/QuorumHeld");
  EXPECT_EQ(uids("db").at("db-0-0"), before.at("db-0-0"));
  EXPECT_EQ(uids("db").at("db-0-1"), before.at("db-0-1"));
  // Another try.
  Json good = imagePatch("example.test/db:3");
  good["template"]["spec"]["nodeSelector"] = nullptr;
  changeGroup("db", good);
  awaitRest("db");
  EXPECT_EQ(imageOf("db-0-0"), "example.test/db:3");
}

TEST_F(FeaturesIt, OfOneReplicaTheBudgetBlocksUnlessTheSpecConsents) {
  createGroup("db", {{"replicas", 1}});
  awaitRest("db");
  EXPECT_EQ(budget("db-0")["spec"]["minAvailable"], 1);
  const auto before = uids("db");
  changeGroup("db", imagePatch("example.test/db:2"));
  await("db", "Progressing", "False/WaitingForBudget");
  EXPECT_EQ(uids("db"), before);
  changeGroup("db", {{"disruption", {{"singleReplica", "Allow"}}}});
  await("db", "Ready", "True/AllReady");
  EXPECT_NE(uids("db"), before);
  EXPECT_TRUE(waitFor([&] { return namesOf("poddisruptionbudgets", "db").empty(); }, kPatience));
}

TEST_F(FeaturesIt, LearnersAreInTheBudgetAndNotInTheQuorum) {
  createGroup("db", {{"replicas", 5}, {"consensus", {{"voters", 3}}}});
  awaitRest("db");
  // Of five pods three vote, and one of them may be missing.
  EXPECT_EQ(budget("db-0")["spec"]["minAvailable"], 4);
  const Json shard = getGroup("db")["status"]["shards"][0];
  EXPECT_EQ(shard["available"], 5);
  EXPECT_EQ(shard["minHealthy"], 2);
  setReady("db-0-0", false);
  setReady("db-0-1", false);
  await("db", "Available", "False/QuorumLost");
  // Three are available, and one of them votes.
  const std::string headroom = "stowage_shard_headroom_min{group=\"db\",namespace=\"" + ns_ + "\"}";
  EXPECT_EQ(operator_->metric(headroom, metricsToken(cluster_, ns_)), -1);
  setReady("db-0-0", true);
  setReady("db-0-1", true);
  awaitRest("db");
}

TEST_F(FeaturesIt, OrdinalsAloneDecideAndWhoIsNotReadyForLongIsMadeAnew) {
  Json spec = {{"recovery", {{"memberReadyTimeoutSeconds", 2}}}};
  spec["updateStrategy"]["rollingUpdate"] = {{"order", "OrdinalDescending"},
                                             {"podUpdatePolicy", "Recreate"}};
  createGroup("db", spec);
  awaitRest("db");
  setLabel("db-0-2", "stowage.dev/role", "leader");
  const std::size_t mark = auditMark(cluster_);
  changeGroup("db", imagePatch("example.test/db:2"));
  awaitRest("db");
  EXPECT_THAT(removals(mark), ElementsAre("db-0-2", "db-0-1", "db-0-0"));
  const std::string before = uids("db").at("db-0-1");
  setReady("db-0-1", false);
  EXPECT_TRUE(waitFor(
      [&] {
        const auto now = uids("db");
        return now.contains("db-0-1") && now.at("db-0-1") != before;
      },
      kPatience));
  awaitRest("db");
}

// No finalizer, no order, and claims that go with their group.
TEST_F(FeaturesIt, AnUnorderedEndTakesClaimsAlongWhereTheSpecSaysSo) {
  const Json claim = {{"name", "data"},
                      {"spec",
                       {{"accessModes", Json::array({"ReadWriteOnce"})},
                        {"storageClassName", ns_},
                        {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
  createGroup("db", {{"terminationOrder", "Unordered"},
                     {"volumeClaimTemplates", Json::array({claim})},
                     {"persistentVolumeClaimRetentionPolicy", {{"whenDeleted", "Delete"}}}});
  // There are no volumes for them; their pods wait.
  EXPECT_TRUE(waitFor([&] { return pods("db").size() == 3; }, kPatience));
  EXPECT_THAT(namesOf("persistentvolumeclaims", "db"), SizeIs(3));
  EXPECT_FALSE(getGroup("db")["metadata"].contains("finalizers"));
  const std::size_t mark = auditMark(cluster_);
  ASSERT_EQ(cluster_.kubectl({"delete", "sfg", "db", "-n", ns_, "--timeout=60s"}).exit_code, 0);
  EXPECT_TRUE(waitFor([&] { return namesOf("pods", "db").empty(); }, kPatience));
  EXPECT_TRUE(waitFor([&] { return namesOf("persistentvolumeclaims", "db").empty(); }, kPatience));
  EXPECT_THAT(removals(mark), IsEmpty());
}

}  // namespace
}  // namespace stowage::testing
