// A group's life under the reconciler, on a simulated cluster that judges every write by the
// invariants: forming, scaling, healing, stopping. rollout_test.cc has the updates.
#include <gmock/gmock.h>

#include <algorithm>
#include <utility>

#include "testing/statefulgroup/group_harness.h"

namespace stowage::testing {
namespace {

using statefulgroup::Resource;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class GroupLife : public ::testing::Test, protected GroupHarness {};

TEST_F(GroupLife, FormsWithEverythingItOwns) {
  put(2, 3, withClaims());
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-1", "db-0-2", "db-1-0", "db-1-1", "db-1-2"));
  EXPECT_THAT(claims(), SizeIs(6));
  EXPECT_THAT(cluster.names(Resource::kServices), ElementsAre("db-0-peers", "db-1-peers"));
  EXPECT_THAT(cluster.names(Resource::kRevisions), SizeIs(1));
  ASSERT_THAT(cluster.names(Resource::kBudgets), ElementsAre("db-0", "db-1"));
  EXPECT_EQ((*cluster.find(Resource::kBudgets, "db-0"))["spec"]["minAvailable"], 2);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_EQ(condition("Available"), "True/QuorumHeld");
  EXPECT_EQ(condition("Progressing"), "False/Idle");
  EXPECT_EQ(status()["readyReplicas"], 6);
  EXPECT_EQ(status()["replicas"], 3);
  EXPECT_EQ(status()["quorateShards"], 2);
  EXPECT_EQ(status()["currentRevision"], status()["updateRevision"]);
}

TEST_F(GroupLife, AtRestNothingIsWritten) {
  put(2, 3, withClaims());
  const int writes = cluster.writes();
  for (int i = 0; i < 3; ++i) {
    restart();
    EXPECT_EQ(pass().next, controlloop::Outcome::Next::kDone);
  }
  EXPECT_EQ(cluster.writes(), writes);
}

TEST_F(GroupLife, APassWaitsUntilTheCachesShowTheLastOne) {
  put(1, 3);
  cluster.putGroup("db", groupSpec(1, 5));
  pass();
  const int writes = cluster.writes();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(passOnOldCaches().next, controlloop::Outcome::Next::kAfter);
  }
  EXPECT_EQ(cluster.writes(), writes);
  settle();
  // What nobody will ever see is looked up after a while: a pod that was made and is gone.
  cluster.putGroup("db", groupSpec(1, 7));
  pass();
  const auto judge = std::exchange(cluster.on_write, nullptr);
  cluster.remove({Resource::kPods, "ns", "db-0-6"}, {});
  cluster.on_write = judge;
  EXPECT_EQ(pass().next, controlloop::Outcome::Next::kAfter);
  clock.advance(std::chrono::seconds(11));
  settle();
  EXPECT_THAT(pods(), SizeIs(7));
}

TEST_F(GroupLife, VolumesGrowAtOnceOrWithTheNextPod) {
  const auto storage = [&](const char* claim) {
    return (*cluster.find(Resource::kClaims, claim))["spec"]["resources"]["requests"]["storage"]
        .get<std::string>();
  };
  Json more = withClaims();
  put(1, 3, more);
  takeRemovals();
  more["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = "2Gi";
  put(1, 3, more);
  EXPECT_EQ(storage("data-db-0-0"), "2Gi");
  EXPECT_EQ(storage("data-db-0-2"), "2Gi");
  EXPECT_THAT(takeRemovals(), IsEmpty());
  more["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = "3Gi";
  more["volumeExpansionPolicy"] = "OnRecreate";
  put(1, 3, more);
  EXPECT_EQ(storage("data-db-0-1"), "2Gi");
  cluster.drain("db-0-1");
  settle();
  EXPECT_EQ(storage("data-db-0-1"), "3Gi");
  EXPECT_EQ(storage("data-db-0-0"), "2Gi");
}

TEST_F(GroupLife, ScalesOutAndInOneMemberAtATime) {
  put(1, 3);
  put(1, 5);
  EXPECT_THAT(pods(), SizeIs(5));
  EXPECT_EQ((*cluster.find(Resource::kBudgets, "db-0"))["spec"]["minAvailable"], 3);
  takeRemovals();
  put(1, 3);
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-4", "db-0-3"));
  EXPECT_EQ((*cluster.find(Resource::kBudgets, "db-0"))["spec"]["minAvailable"], 2);
  put(1, 1);
  EXPECT_THAT(pods(), ElementsAre("db-0-0"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_EQ((*cluster.find(Resource::kBudgets, "db-0"))["spec"]["minAvailable"], 1);
}

TEST_F(GroupLife, ScaleInWaitsForItsFloor) {
  put(1, 5);
  unready = {"db-0-0", "db-0-1", "db-0-2"};
  kubelet();
  put(1, 3);
  EXPECT_THAT(pods(), SizeIs(5));
  EXPECT_EQ(condition("Available"), "False/QuorumLost");
  EXPECT_THAT(events.lines,
              Contains(HasSubstr("Warning QuorumLost shards below their floor: 0")).Times(1));
  unready.clear();
  settle();
  EXPECT_THAT(pods(), SizeIs(3));
  EXPECT_THAT(events.lines, Contains(HasSubstr("Normal QuorumRegained")).Times(1));
}

TEST_F(GroupLife, OfflineReplicasChooseWhoLeaves) {
  put(1, 3, withClaims());
  takeRemovals();
  // Moved: the next free ordinal takes its place, and before it leaves.
  put(1, 3, withClaims({{"offlineReplicas", {"0/1"}}}));
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-2", "db-0-3"));
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1"));
  EXPECT_THAT(claims(), SizeIs(4));  // whenScaled is Retain
  // Lowered: it is the one that goes.
  put(1, 5);
  put(1, 3, {{"offlineReplicas", {"*/0", "*/2"}}});
  EXPECT_THAT(pods(), ElementsAre("db-0-1", "db-0-3", "db-0-4"));
}

TEST_F(GroupLife, EndedPodsAreReplaced) {
  put(1, 3);
  cluster.end("db-0-1", "Succeeded");
  cluster.end("db-0-2", "Failed");
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupLife, ARefusedTemplateIsToldAndChangesNothing) {
  put(1, 3);
  const std::string old = revisionOf("db-0-0");
  takeRemovals();
  cluster.admission = [](const Json& pod) {
    return pod["spec"]["containers"][0]["image"] == "bad"
               ? std::string("Pod \"db-0-0\" is invalid: spec.containers[0].image")
               : std::string();
  };
  put(1, 3, withImage("bad"));
  EXPECT_EQ(condition("TemplateValid"), "False/Rejected");
  EXPECT_EQ(condition("Ready"), "False/TemplateInvalid");
  EXPECT_THAT(takeRemovals(), IsEmpty());
  cluster.drain("db-0-0");
  settle();
  EXPECT_EQ(revisionOf("db-0-0"), old);
  put(1, 3);
  EXPECT_EQ(condition("TemplateValid"), "True/Accepted");
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupLife, PausedKeepsItsHandsOff) {
  put(1, 3);
  Json more = withImage("example.test/db:2");
  more["managementPolicy"] = "Paused";
  put(1, 3, more);
  EXPECT_EQ(condition("Paused"), "True/Paused");
  cluster.drain("db-0-1");
  settle();
  EXPECT_THAT(pods(), SizeIs(2));
  EXPECT_EQ(condition("Ready"), "False/Paused");
  put(1, 3, withImage("example.test/db:2"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupLife, HibernationStopsAllAndKeepsTheClaims) {
  Json more = withClaims();
  more["persistentVolumeClaimRetentionPolicy"] = {{"whenScaled", "Delete"}};
  put(1, 3, more);
  cluster.setRole("db-0-2", "leader");
  settle();
  takeRemovals();
  more["runPolicy"] = "Hibernated";
  put(1, 3, more);
  EXPECT_THAT(pods(), IsEmpty());
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-0", "db-0-1", "db-0-2"));
  EXPECT_THAT(claims(), SizeIs(3));
  EXPECT_EQ(condition("Hibernated"), "True/Hibernated");
  EXPECT_EQ(condition("Ready"), "False/Hibernated");
  EXPECT_EQ(condition("Available"), "False/Hibernated");
  EXPECT_EQ((*cluster.find(Resource::kBudgets, "db-0"))["spec"]["minAvailable"], 0);
  more["runPolicy"] = "Running";
  put(1, 3, more);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  // Nothing was lost on the way there or back.
  EXPECT_THAT(events.lines, Not(Contains(HasSubstr("QuorumLost"))));
}

// kubectl delete --cascade=orphan, and the same group again.
TEST_F(GroupLife, WhatAnEarlierGroupLeftIsTakenOver) {
  const Json more = {
      {"services",
       {{"client", {{"policy", "Create"}}}, {"ports", {{{"name", "sql"}, {"port", 5432}}}}}}};
  put(1, 3, more);
  const auto before = pods();
  const std::string uid = uidOf("db-0-1");
  cluster.orphanAll("db");
  takeRemovals();
  cluster.putGroup("db", groupSpec(1, 3, more));
  settle();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  EXPECT_EQ(uidOf("db-0-1"), uid);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_EQ(condition("BudgetsSynced"), "True/Synced");
  const Json group = (*cluster.find(Resource::kGroups, "db"))["metadata"]["uid"];
  for (const auto& [key, object] : cluster.objects()) {
    if (key.first == Resource::kGroups || key.first == Resource::kClaims) continue;
    EXPECT_EQ(object["metadata"]["ownerReferences"][0]["uid"], group) << key.second;
  }
  const Json& service = *cluster.find(Resource::kServices, "db-0-peers");
  EXPECT_EQ(service["spec"]["selector"]["stowage.dev/group-uid"], group);
  const Json& budget = *cluster.find(Resource::kBudgets, "db-0");
  EXPECT_EQ(budget["spec"]["selector"]["matchLabels"]["stowage.dev/group-uid"], group);
}

// Not on a cache's word, and not what was never a group's.
TEST_F(GroupLife, OnlyWhatTheOperatorMadeIsTakenOverAndOnlyByALivingGroup) {
  put(1, 3);
  cluster.orphanAll("db");
  cluster.putGroup("db", groupSpec(1, 3));
  view.sync(cluster);
  cluster.deleteGroup("db");
  cluster.putGroup("db", groupSpec(1, 3));  // another one, which the caches do not show
  const auto judge = std::exchange(cluster.on_write, nullptr);
  restart();
  for (int i = 0; i < 3; ++i) passOnOldCaches();
  EXPECT_FALSE(
      (*cluster.find(Resource::kServices, "db-0-peers"))["metadata"].contains("ownerReferences"));
  cluster.patch({Resource::kServices, "ns", "db-0-peers"}, "",
                R"({"metadata":{"labels":{"app.kubernetes.io/managed-by":"me"}}})");
  cluster.on_write = judge;
  for (int i = 0; i < 10; ++i) pass();
  EXPECT_FALSE(
      (*cluster.find(Resource::kServices, "db-0-peers"))["metadata"].contains("ownerReferences"));
  EXPECT_THAT(status()["conditions"].dump(), HasSubstr("is there already and not the group's"));
}

// The caches show a wish that its user has taken back.
TEST_F(GroupLife, AGroupIsNotStoppedOnTheCachesWord) {
  put(1, 3);
  takeRemovals();
  const auto before = pods();
  cluster.putGroup("db", groupSpec(1, 3, {{"runPolicy", "Hibernated"}}));
  view.sync(cluster);
  cluster.putGroup("db", groupSpec(1, 3));
  passOnOldCaches();
  EXPECT_THAT(takeRemovals(), IsEmpty());
  settle();
  EXPECT_EQ(pods(), before);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupLife, ClaimsOfMembersThatLeftGoWhenTheUserWantsIt) {
  Json more = withClaims();
  more["persistentVolumeClaimRetentionPolicy"] = {{"whenScaled", "Delete"}};
  put(1, 5, more);
  put(1, 3, more);
  EXPECT_THAT(claims(), ElementsAre("data-db-0-0", "data-db-0-1", "data-db-0-2"));
}

// An operator whose caches are old does not know that the members are wanted again.
TEST_F(GroupLife, ClaimsThatAreWantedAgainAreNotDroppedOnOldCaches) {
  Json more = withClaims();
  more["persistentVolumeClaimRetentionPolicy"] = {{"whenScaled", "Delete"}};
  put(1, 5, more);
  cluster.putGroup("db", groupSpec(1, 3, more));
  for (int i = 0; i < 40 && cluster.names(Resource::kPods).size() > 3; ++i) {
    pass();
    kubelet();
  }
  ASSERT_THAT(pods(), SizeIs(3));
  ASSERT_THAT(claims(), SizeIs(5));
  view.sync(cluster);
  cluster.putGroup("db", groupSpec(1, 5, more));
  restart();  // another one, which does not know what was written
  passOnOldCaches();
  EXPECT_THAT(claims(), SizeIs(5));
  EXPECT_THAT(checker.violations(), IsEmpty());
}

TEST_F(GroupLife, ADeletedGroupStopsInOrderAndLeavesNothing) {
  put(1, 3);
  cluster.setRole("db-0-0", "leader");
  settle();
  takeRemovals();
  cluster.deleteGroup("db");
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-1", "db-0-2", "db-0-0"));
  EXPECT_THAT(cluster.objects(), IsEmpty());
}

TEST_F(GroupLife, ShardsThatAreGivenUpGoWhole) {
  put(3, 3);
  put(1, 3, {{"shardScaleInPolicy", "Allow"}});
  EXPECT_THAT(pods(), SizeIs(3));
  EXPECT_THAT(cluster.names(Resource::kBudgets), ElementsAre("db-0"));
  EXPECT_THAT(cluster.names(Resource::kServices), ElementsAre("db-0-peers"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupLife, WhatSomebodyElseOwnsIsNotTouched) {
  const Json foreign = {
      {"metadata",
       {{"ownerReferences",
         {{{"kind", "StatefulSet"}, {"name", "x"}, {"uid", "other"}, {"controller", true}}}},
        {"labels", {{"stowage.dev/group", "db"}}}}},
      {"spec", {{"containers", {{{"name", "c"}, {"image", "i"}}}}}}};
  const auto judge = std::exchange(cluster.on_write, nullptr);
  cluster.create({Resource::kPods, "ns", "db-0-1"}, foreign.dump(), statefulgroup::DryRun::kNo);
  cluster.on_write = judge;
  put(1, 3);
  EXPECT_THAT(pods(), SizeIs(3));
  EXPECT_EQ(status()["totalReplicas"], 2);
  EXPECT_THAT(status()["shards"][0]["reason"].get<std::string>(), HasSubstr("StatefulSet/x"));
  EXPECT_EQ(condition("Available"), "True/QuorumHeld");
}

// Found on the real server: a pod without our labels is seen by no cache, and kept the members
// after it from being made.
TEST_F(GroupLife, AnUnseenPodInTheWayKeepsOnlyItsMemberAway) {
  const Json stranger = {{"metadata", Json::object()},
                         {"spec", {{"containers", {{{"name", "c"}, {"image", "i"}}}}}}};
  const auto judge = std::exchange(cluster.on_write, nullptr);
  cluster.create({Resource::kPods, "ns", "db-0-1"}, stranger.dump(), statefulgroup::DryRun::kNo);
  cluster.on_write = judge;
  put(1, 3);
  EXPECT_EQ(status()["totalReplicas"], 2);
  EXPECT_EQ(condition("Available"), "True/QuorumHeld");
  EXPECT_THAT(status()["shards"][0]["reason"].get<std::string>(), HasSubstr("belongs to nobody"));
}

// Else it counts as evicted itself, for two minutes in which nobody else may be.
TEST_F(GroupLife, AnEvictedPodComesBackWhenItsBudgetHasSeenItGone) {
  cluster.remembers_evictions = true;
  put(1, 3);
  cluster.drain("db-0-1");
  cluster.finish("db-0-1");
  const controlloop::Outcome outcome = pass();
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-2"));
  EXPECT_THAT(status()["shards"][0]["reason"].get<std::string>(), HasSubstr("evicted pod db-0-1"));
  EXPECT_EQ(outcome.next, controlloop::Outcome::Next::kAfter);
  EXPECT_LE(outcome.after, std::chrono::seconds(5));
  cluster.countHealthy();
  pass();
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-1", "db-0-2"));
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(GroupLife, AnEvictedPodIsNotHeldBackForLong) {
  cluster.remembers_evictions = true;
  put(1, 3);
  cluster.drain("db-0-1");
  cluster.finish("db-0-1");
  pass();
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-2"));
  clock.advance(std::chrono::seconds(5));
  pass();
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-1", "db-0-2"));
}

// The budget is written by the eviction, and a cache of it may be behind that of the pods.
TEST_F(GroupLife, APassWaitsForTheBudgetThatAnEvictionWrote) {
  cluster.remembers_evictions = true;
  put(1, 3);
  Json spec = groupSpec(1, 3, withImage("example.test/db:2"));
  cluster.putGroup("db", spec);
  for (int i = 0; i < 10 && !cluster.isTerminating("db-0-2"); ++i) pass();
  ASSERT_TRUE(cluster.isTerminating("db-0-2"));
  const auto budget = SimulatedCluster::Key{Resource::kBudgets, "db-0"};
  SimulatedCluster::Objects old = cluster.objects();
  old.at(budget)["status"].erase("disruptedPods");
  old.at(budget)["metadata"]["resourceVersion"] = "1";
  old.erase({Resource::kPods, "db-0-2"});
  cluster.finish("db-0-2");
  view.show(old);
  passOnOldCaches();
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-1"));
}

TEST_F(GroupLife, ADrainIsHealedAndTheBudgetProtectsTheRest) {
  put(1, 3);
  cluster.drain("db-0-1");
  cluster.drain("db-0-0");  // refused
  EXPECT_TRUE(cluster.isTerminating("db-0-1"));
  EXPECT_FALSE(cluster.isTerminating("db-0-0"));
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

}  // namespace
}  // namespace stowage::testing
