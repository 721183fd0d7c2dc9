// What StatefulSets are known to be caught out by, tried on groups. The list is that of upstream's
// tests (pkg/controller/statefulset, test/e2e/apps/statefulset.go); where each of it is:
//    1 a pod that Succeeded is replaced              GroupLife.EndedPodsAreReplaced
//    2 ordinals.start moves                          here
//    3 a partition beyond the replicas               here
//    4 a deleted pod below it keeps its revision     GroupRollout.PartitionsHoldMembersBack
//    5 a pod that a finalizer holds                  here
//    6 back to an older revision ChooseRevision.KeepsTheNewestAndBumpsAnOlderOne 7 two revisions of
//    one hash                     ChooseRevision.TakesAnotherNameWhenItsNameIsTaken 8 no replicas,
//    and an update                    here 9 deleted while pods are missing                here
//   10 made anew under its old name                  CrashTableIt.AGroupWasMadeAnewUnderItsOldName
//   11 labels taken off, and foreign pods            GroupLife.WhatSomebodyElseOwnsIsNotTouched,
//                                                    here
//   12 claims that go, are missing or foreign        here, GroupLife.ClaimsThatAreWantedAgain...
//   13 minReadySeconds                               here
//   14 the status of a group that changed meanwhile  here
//   15 the API fails in the middle                   CrashTest, here
//   16 a member dies before its successors are made  here
//   17 parallel scaling among members that are ill   here
//   18 an update that changes nothing                GroupRollout.WhatChangesNoPodRestartsNone
//   19 long names                                    Names.FitWhereTheyAreUsed
//   20 overlapping selectors                         there are none: groups select by their uid
#include <gmock/gmock.h>

#include <utility>

#include "testing/statefulgroup/group_harness.h"

namespace stowage::testing {
namespace {

using statefulgroup::Resource;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CornerCases : public GroupHarness, public ::testing::Test {
 protected:
  Json spec(int replicas, const Json& more = Json::object()) {
    return groupSpec(1, replicas, more);
  }
  // Somebody changes an object as it is, past the operator.
  void edit(Resource resource, const std::string& name, const Json& patch) {
    const auto judge = std::exchange(cluster.on_write, nullptr);
    EXPECT_TRUE(cluster.patch({resource, "ns", name}, "", patch.dump()).ok());
    cluster.on_write = judge;
  }
};

TEST_F(CornerCases, OrdinalsStartElsewhereAndComeBack) {
  put(spec(3));
  put(spec(3, {{"ordinals", {{"start", 2}}}}));
  EXPECT_THAT(pods(), ElementsAre("db-0-2", "db-0-3", "db-0-4"));
  put(spec(3));
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-1", "db-0-2"));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(CornerCases, APartitionBeyondTheReplicasHoldsAllBack) {
  put(spec(3));
  takeRemovals();
  Json more = withImage("example.test/db:2");
  more["updateStrategy"]["rollingUpdate"]["partition"] = 7;
  put(spec(3, more));
  EXPECT_THAT(takeRemovals(), IsEmpty());
  more["updateStrategy"]["rollingUpdate"]["partition"] = 0;
  put(spec(3, more));
  EXPECT_THAT(takeRemovals(), SizeIs(3));
}

TEST_F(CornerCases, APodThatIsHeldComesBackAtTheRevisionOfThen) {
  put(spec(3));
  edit(Resource::kPods, "db-0-2", {{"metadata", {{"finalizers", {"example.test/hold"}}}}});
  cluster.putGroup("db", spec(3, withImage("example.test/db:2")));
  for (int i = 0; i < 20 && !cluster.isTerminating("db-0-2"); ++i) pass();
  ASSERT_TRUE(cluster.isTerminating("db-0-2"));
  // Nobody else goes meanwhile, and what is wanted moves on.
  cluster.putGroup("db", spec(3, withImage("example.test/db:3")));
  for (int i = 0; i < 5; ++i) pass();
  EXPECT_THAT(pods(), SizeIs(3));
  settle();
  const Json* pod = cluster.find(Resource::kPods, "db-0-2");
  ASSERT_NE(pod, nullptr);
  EXPECT_EQ((*pod)["spec"]["containers"][0]["image"], "example.test/db:3");
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(CornerCases, WithoutReplicasAnUpdateIsDoneAtOnce) {
  put(spec(0));
  put(spec(0, withImage("example.test/db:2")));
  EXPECT_THAT(pods(), IsEmpty());
  EXPECT_EQ(status()["currentRevision"], status()["updateRevision"]);
  put(spec(3, withImage("example.test/db:2")));
  takeRemovals();
  settle();
  EXPECT_EQ(condition("Ready"), "True/AllReady");
  EXPECT_THAT(takeRemovals(), IsEmpty());
}

TEST_F(CornerCases, ADeletedGroupMakesNothingAnew) {
  put(spec(3));
  cluster.drain("db-0-1");
  cluster.finish("db-0-1");
  cluster.deleteGroup("db");
  int made = 0;
  const auto judge = cluster.on_write;
  cluster.on_write = [&](const std::string& verb, const SimulatedCluster::Key& object,
                         const Json& body, const SimulatedCluster& before) {
    made += verb == "create" ? 1 : 0;
    judge(verb, object, body, before);
  };
  settle();
  EXPECT_EQ(made, 0);
  EXPECT_THAT(cluster.objects(), IsEmpty());
}

TEST_F(CornerCases, APodWhoseLabelsWereTakenOffIsFoundAgain) {
  put(spec(3));
  const std::string uid = uidOf("db-0-1");
  edit(Resource::kPods, "db-0-1",
       {{"metadata",
         {{"labels", {{"stowage.dev/group", nullptr}, {"stowage.dev/group-uid", nullptr}}}}}});
  settle();
  EXPECT_EQ(uidOf("db-0-1"), uid);
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(CornerCases, AClaimThatGoesIsWaitedForAndAMissingOneIsMade) {
  put(spec(3, withClaims()));
  edit(Resource::kClaims, "data-db-0-1", {{"metadata", {{"finalizers", {"example.test/hold"}}}}});
  const auto judge = std::exchange(cluster.on_write, nullptr);
  cluster.remove({Resource::kClaims, "ns", "data-db-0-1"}, {});
  cluster.remove({Resource::kClaims, "ns", "data-db-0-2"}, {});
  cluster.on_write = judge;
  cluster.end("db-0-1", "Failed");
  cluster.end("db-0-2", "Failed");
  settle();
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-2"));
  EXPECT_THAT(claims(), SizeIs(3));
}

TEST_F(CornerCases, MinReadySecondsHoldUpdatesAndLeavingMembers) {
  put(spec(5, {{"minReadySeconds", 30}}));
  clock.advance(std::chrono::seconds(31));
  settle();
  takeRemovals();
  // Each holds up the next.
  Json more = withImage("example.test/db:2");
  more["minReadySeconds"] = 30;
  put(spec(5, more));
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-4"));
  for (const char* next : {"db-0-3", "db-0-2", "db-0-1", "db-0-0"}) {
    clock.advance(std::chrono::seconds(31));
    settle();
    EXPECT_THAT(takeRemovals(), ElementsAre(next));
  }
  // So does one that stays those that leave.
  put(spec(3, more));
  EXPECT_THAT(takeRemovals(), IsEmpty());
  clock.advance(std::chrono::seconds(31));
  settle();
  EXPECT_THAT(takeRemovals(), ElementsAre("db-0-4", "db-0-3"));
}

TEST_F(CornerCases, TheStatusOfAGroupThatChangedMeanwhileIsWrittenLater) {
  put(spec(3));
  cluster.putGroup("db", spec(5));
  passOnOldCaches();
  EXPECT_NE(status()["observedGeneration"],
            (*cluster.find(Resource::kGroups, "db"))["metadata"]["generation"]);
  settle();
  EXPECT_EQ(status()["observedGeneration"],
            (*cluster.find(Resource::kGroups, "db"))["metadata"]["generation"]);
  EXPECT_EQ(status()["replicas"], 5);
}

TEST_F(CornerCases, InOrderAMemberThatDiesIsMadeBeforeItsSuccessors) {
  unready = {"db-0-1"};
  put(spec(3, {{"startup", {{"policy", "OrderedReady"}}}}));
  EXPECT_THAT(pods(), ElementsAre("db-0-0", "db-0-1"));
  cluster.end("db-0-0", "Failed");
  unready.clear();
  settle();
  EXPECT_THAT(pods(), SizeIs(3));
  EXPECT_EQ(condition("Ready"), "True/AllReady");
}

TEST_F(CornerCases, InParallelAllAreMadeWhoeverIsIll) {
  put(spec(3));
  unready = {"db-0-1"};
  kubelet();
  put(spec(7));
  EXPECT_THAT(pods(), SizeIs(7));
}

}  // namespace
}  // namespace stowage::testing
